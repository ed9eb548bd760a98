package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachinePower;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `dispatcher machine restart`.
@Command(
        name = "restart",
        description = {"Stop a machine when its last use ends, and start it again."},
        footer = "Exit status 1 if the machine could not be started.",
        mixinStandardHelpOptions = true)
final class MachineRestartCommand extends PowerCommand {
    @Option(names = "--wait", description = "Return when it is ready again, or could not be started.")
    private boolean wait;

    @Override
    public Integer call() throws InterruptedException {
        var answer = post(MachinePower.RESTART_PATH, "restart");
        return show(wait ? awaitEnd("restart") : answer);
    }
}
