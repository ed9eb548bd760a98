package dispatcher.cli.command;

import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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

    private @Nullable Path state;

    /// @return the exit status
    @Override
    public abstract Integer call() throws IOException, InterruptedException;

    /// Reads the settings.
    ///
    /// @throws UserFacingException if there are none, they cannot be read or have faults
    protected final Settings settings() {
        return named().load();
    }

    /// The directory of the dispatcher's state. No more is read of the settings than that: a command that asks has no
    /// use for the rest, nor for the faults that it may have by now.
    ///
    /// @throws UserFacingException if there are no settings, or they do not say even that
    protected final Path state() {
        if (state == null) state = named().state();
        return state;
    }

    private SettingsOption named() {
        return above().map(above -> settings.or(above.settings)).orElse(settings);
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

    /// The dispatcher that runs with the settings, or nobody.
    ///
    /// @throws UserFacingException as [#state]
    protected final ApiClient dispatcher() {
        return new ApiClient(Settings.controlSocket(state()));
    }

    /// The answer, for commands that are of no use without a running dispatcher.
    ///
    /// @param what the command cannot do without it
    protected final ApiAnswer needed(Optional<ApiAnswer> answer, String what) {
        return answer.orElseThrow(() -> noDispatcher(what));
    }

    /// To be thrown where no dispatcher runs.
    ///
    /// @param what cannot be done without it
    /// @throws UserFacingException if the settings have faults, which is why none can run
    protected final UserFacingException noDispatcher(String what) {
        return new UserFacingException(
                "cannot %s: no dispatcher runs".formatted(what),
                "nobody answers at " + settings().controlSocket(),
                "start one with `dispatcher serve`, or name the settings that it runs with (--config)");
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
