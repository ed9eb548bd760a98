package dispatcher.cli.queue;

import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher queue`: who waits for a machine.
@Command(
        name = "queue",
        description = {
            "Show the builds that wait for a machine, those first that should be next.",
            "PLACE is among those that wait for the same machines."
        },
        mixinStandardHelpOptions = true)
public final class QueueCommand extends ApiCommand {
    @Option(
            names = {"-n", "--rows"},
            paramLabel = "N",
            description = "How many to show, at most 10,000. Default: ${DEFAULT-VALUE}.",
            defaultValue = "50")
    private int rows;

    @Override
    public Integer call() {
        if (rows < 0 || rows > QueueEndpoint.MOST_ROWS)
            throw wrongUsage("--rows %d is not from 0 to %d".formatted(rows, QueueEndpoint.MOST_ROWS));
        var path = "%s?%s=%d".formatted(QueueAnswer.PATH, QueueEndpoint.ROWS, rows);
        var answer = needed(dispatcher().get(path), "show the queue");
        show(answer, () -> new QueueReport(answer.printable(QueueAnswer.class)).lines(Terminal.out()));
        return ExitCode.OK;
    }
}
