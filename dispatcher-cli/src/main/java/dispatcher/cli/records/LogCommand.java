package dispatcher.cli.records;

import dispatcher.cli.api.http.ApiAnswer;
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
        var records = new RecordAccess(state(), dispatcher());
        long id = records.idOf(build);
        if (isJson()) {
            show(ApiAnswer.of(whole(records, id)), List::of);
            return ExitCode.OK;
        }
        var log = records.log(id, 0).as(BuildAnswer.Log.class);
        print(lines(log));
        while (log.more() || (follow && !log.ended())) {
            if (!log.more()) Thread.sleep(PAUSE_MILLIS);
            log = records.log(id, log.next()).as(BuildAnswer.Log.class);
            print(lines(log));
        }
        return ExitCode.OK;
    }

    private static BuildAnswer.Log whole(RecordAccess records, long id) {
        var text = new StringBuilder();
        var log = records.log(id, 0).as(BuildAnswer.Log.class);
        text.append(log.text());
        while (log.more()) {
            log = records.log(id, log.next()).as(BuildAnswer.Log.class);
            text.append(log.text());
        }
        return new BuildAnswer.Log(id, 0, log.next(), false, log.ended(), text.toString());
    }

    private static List<String> lines(BuildAnswer.Log log) {
        boolean colours = Terminal.out().enabled();
        return log.text()
                .lines()
                .map(line -> colours ? Printable.coloured(line) : Printable.line(line))
                .toList();
    }
}
