package dispatcher.cli.command;

import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// A command that asks the dispatcher that runs with some settings, and shows the answer to people or as JSON.
///
/// The options of a command count for the commands below it too.
public abstract class ApiCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /// @return the exit status
    @Override
    public abstract Integer call() throws IOException, InterruptedException;

    /// Reads the settings.
    ///
    /// @throws UserFacingException if there are none, they cannot be read or have faults
    protected final Settings settings() {
        return above().map(above -> settings.or(above.settings))
                .orElse(settings)
                .load();
    }

    /// Whether the answer is to be shown as JSON.
    protected final boolean isJson() {
        return json || above().map(ApiCommand::isJson).orElse(false);
    }

    private Optional<ApiCommand> above() {
        return Optional.ofNullable(spec.parent())
                .map(CommandSpec::userObject)
                .filter(ApiCommand.class::isInstance)
                .map(ApiCommand.class::cast);
    }

    protected static ApiClient dispatcher(Settings settings) {
        return new ApiClient(settings.controlSocket());
    }

    /// The answer, for commands that are of no use without a running dispatcher.
    ///
    /// @param what the command cannot do without it
    protected static ApiAnswer needed(Settings settings, Optional<ApiAnswer> answer, String what) {
        return answer.orElseThrow(() -> new UserFacingException(
                "cannot %s: no dispatcher runs".formatted(what),
                "nobody answers at " + settings.controlSocket(),
                "start one with `dispatcher serve`, or name the settings that it runs with (--config)"));
    }

    /// Shows an answer.
    ///
    /// @param lines it for people
    protected final void show(ApiAnswer answer, Supplier<List<String>> lines) {
        print(isJson() ? List.of(answer.show()) : lines.get());
    }

    protected final void print(List<String> lines) {
        var out = spec.commandLine().getOut();
        lines.forEach(out::println);
        out.flush();
    }

    /// To be thrown for a wrong command line.
    protected final ParameterException wrongUsage(String why) {
        return new ParameterException(spec.commandLine(), why);
    }

    protected final ParameterException wrongUsage(String why, Exception cause) {
        return new ParameterException(spec.commandLine(), why, cause);
    }
}
