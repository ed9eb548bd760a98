package dispatcher.cli.spool;

import dispatcher.cli.api.SpoolAnswer;
import dispatcher.cli.api.TrimRequest;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.settings.value.ByteSize;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/// `dispatcher spool trim`: makes the spool smaller now.
@Command(
        name = "trim",
        description = {
            "Let paths go from the spool, those used longest ago first, until at most SIZE is left.",
            "Clients send them again when they are needed. What clients or builds need now stays."
        },
        mixinStandardHelpOptions = true)
public final class SpoolTrimCommand extends ApiCommand {
    @Parameters(
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "What may be left, such as 10GiB or 800MB; 0 for nothing.")
    private ByteSize size;

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
    public Integer call() {
        var answer = dispatcher()
                .post(TrimRequest.PATH, new TrimRequest(size.bytes()))
                .orElseGet(() -> SpoolAccess.ofDirectory(settings(), spool -> spool.trim(size.bytes())));
        show(answer, () -> new SpoolReport(answer.printable(SpoolAnswer.class)).trimmed(size.bytes()));
        return ExitCode.OK;
    }
}
