package dispatcher.cli.history;

import dispatcher.cli.api.HistoryAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Terminal;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.attributes.PackageName;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/// `dispatcher history`: what builds took, and how fast machines are.
@Command(
        name = "history",
        description = {
            "Show what is known of builds, by package name and system, and of machines: durations on a machine of speed 1,"
                    + " memory, size of the outputs, the longest chain of builds that begins there; measured speed and"
                    + " bandwidth.",
            "The running dispatcher is asked; if none runs, its database is read."
        },
        subcommands = HistoryForgetCommand.class,
        mixinStandardHelpOptions = true)
public final class HistoryCommand extends ApiCommand {
    @Parameters(
            paramLabel = "NAME",
            arity = "0..1",
            converter = NameConverter.class,
            description = "Only this package, such as hello, or hello:fetch for what fetches its source.")
    private @Nullable PackageName name;

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

    @Override
    public Integer call() {
        var wanted = Optional.ofNullable(name);
        var answer = dispatcher()
                .get(HistoryAnswer.PATH + wanted.map(HistoryCommand::query).orElse(""))
                .orElseGet(() -> HistoryAccess.ofDatabase(settings(), history -> history.show(wanted)));
        show(
                answer,
                () -> new HistoryReport(answer.printable(HistoryAnswer.class)).lines(wanted.isEmpty(), Terminal.out()));
        return ExitCode.OK;
    }

    private static String query(PackageName name) {
        return "?%s=%s".formatted(HistoryEndpoints.NAME, URLEncoder.encode(name.text(), StandardCharsets.UTF_8));
    }
}
