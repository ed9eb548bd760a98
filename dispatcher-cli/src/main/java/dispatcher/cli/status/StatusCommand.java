package dispatcher.cli.status;

import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/// `dispatcher status`: the whole on one screen.
@Command(
        name = "status",
        description = {
            "Show on one screen what is going on, what is wrong with machines, and what to do about it.",
            "See `machines`, `queue` and `builds` for more."
        },
        mixinStandardHelpOptions = true)
public final class StatusCommand extends ApiCommand {
    @Override
    public Integer call() {
        var answer = needed(dispatcher().get(StatusAnswer.PATH), "show its status");
        show(answer, () -> new StatusReport(answer.printable(StatusAnswer.class)).lines(Terminal.out()));
        return ExitCode.OK;
    }
}
