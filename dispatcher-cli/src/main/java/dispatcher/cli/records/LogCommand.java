package dispatcher.cli.records;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Terminal;
import dispatcher.text.Printable;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `dispatcher log`: what a build printed.
@Command(
        name = "log",
        description = {
            "Print the log of a build, as far as it is: what the builder printed, and notes of the dispatcher.",
            "Colours of the log are shown on a terminal only."
        },
        mixinStandardHelpOptions = true)
public final class LogCommand extends ApiCommand {
    private static final long PAUSE_MILLIS = 500;

    @Parameters(paramLabel = "ID", description = "The number in `dispatcher builds`, or a name: the newest of it.")
    private String build;

    @Option(
            names = {"-f", "--follow"},
            description = "Go on until the build is over.")
    private boolean follow;

    @Override
    public Integer call() throws InterruptedException {
        if (follow && isJson()) throw wrongUsage("--follow and --json exclude each other");
        var settings = settings();
        var records = new RecordAccess(settings, dispatcher(settings));
        long id = records.idOf(build);
        var answer = records.log(id, 0);
        show(answer, () -> lines(answer.as(BuildAnswer.Log.class)));
        var log = answer.as(BuildAnswer.Log.class);
        while (follow && !log.ended()) {
            Thread.sleep(PAUSE_MILLIS);
            log = records.log(id, log.next()).as(BuildAnswer.Log.class);
            print(lines(log));
        }
        return ExitCode.OK;
    }

    private static List<String> lines(BuildAnswer.Log log) {
        boolean colours = Terminal.out().enabled();
        return log.text()
                .lines()
                .map(line -> colours ? Printable.coloured(line) : Printable.line(line))
                .toList();
    }
}
