package dispatcher.cli.spool;

import dispatcher.cli.settings.SettingsOption;
import dispatcher.cli.settings.value.ByteSize;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// `dispatcher spool trim`: makes the spool smaller now.
@Command(
        name = "trim",
        description = {
            "Let paths go from the spool, those used longest ago first, until at most SIZE is left.",
            "Clients send them again when they are needed. What clients or builds need now stays."
        },
        mixinStandardHelpOptions = true)
public final class SpoolTrimCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private SpoolCommand parent;

    @Mixin
    private SettingsOption settings;

    @Parameters(
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "What may be left, such as 10GiB or 800MB; 0 for nothing.")
    private ByteSize size;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /// For the command line.
    static final class SizeConverter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            try {
                return text.equals("0") ? new ByteSize(0) : ByteSize.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        var loaded = settings.or(parent.settings()).load();
        var answer = SpoolAccess.ask(loaded, SpoolRequests.trimRequest(size.bytes()));
        var out = spec.commandLine().getOut();
        if (json || parent.json()) out.println(answer.members().show());
        else new SpoolReport(answer.printable()).trimmed(size.bytes()).forEach(out::println);
        out.flush();
        return ExitCode.OK;
    }
}
