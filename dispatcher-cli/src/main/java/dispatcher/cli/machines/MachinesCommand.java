package dispatcher.cli.machines;

import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/// `dispatcher machines`: what each machine is doing, and whether it may have builds.
@Command(
        name = "machines",
        description = {
            "Show the machines of the running dispatcher: their states, what runs there, and what was measured of them.",
            "To see whether they can be reached, use `dispatcher ping`."
        },
        mixinStandardHelpOptions = true)
public final class MachinesCommand extends ApiCommand {
    @Override
    public Integer call() {
        var answer = needed(dispatcher().get(MachinesAnswer.PATH), "show the machines");
        show(answer, () -> new MachinesReport(answer.printable(MachinesAnswer.class)).lines(Terminal.out()));
        return ExitCode.OK;
    }
}
