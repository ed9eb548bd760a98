package dispatcher.cli.history;

import dispatcher.cli.settings.SettingsOption;
import dispatcher.cli.terminal.Terminal;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.attributes.PackageName;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// `dispatcher history`: what builds took, and how fast machines are.
@Command(
        name = "history",
        description = {
            "Show what is known of builds, by package name and system, and of machines: durations on a machine of speed 1,",
            "memory, size of the outputs, the longest chain of builds that begins there; measured speed and bandwidth.",
            "The running dispatcher is asked; if none runs, the database in its state directory is read."
        },
        subcommands = HistoryForgetCommand.class,
        mixinStandardHelpOptions = true)
public final class HistoryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Parameters(
            paramLabel = "NAME",
            arity = "0..1",
            converter = NameConverter.class,
            description = "Only this package, such as hello, or hello:fetch for what fetches its source.")
    private @Nullable PackageName name;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /// For the command line.
    static final class NameConverter implements ITypeConverter<PackageName> {
        @Override
        public PackageName convert(String text) {
            try {
                return new PackageName(text);
            } catch (NixSyntaxException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    SettingsOption settings() {
        return settings;
    }

    boolean json() {
        return json;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        var request = name == null ? HistoryRequests.showRequest() : HistoryRequests.showRequest(name);
        var answer = HistoryAccess.ask(settings.load(), request);
        var out = spec.commandLine().getOut();
        if (json) out.println(answer.members().show());
        else
            new HistoryReport(answer.printable())
                    .lines(name == null, Terminal.out())
                    .forEach(out::println);
        out.flush();
        return ExitCode.OK;
    }
}
