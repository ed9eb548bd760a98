package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachinePower;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `dispatcher machine stop`.
@Command(
        name = "stop",
        description = {
            "Stop a machine when its last use ends: at once if nothing is built or fetched there.",
            "The next build that goes there starts it again; to prevent that, use `dispatcher drain` first."
        },
        footer = "Exit status 1 if the machine could not be started.",
        mixinStandardHelpOptions = true)
final class MachineStopCommand extends PowerCommand {
    @Option(names = "--wait", description = "Return when it is off.")
    private boolean wait;

    @Override
    public Integer call() throws InterruptedException {
        var answer = post(MachinePower.STOP_PATH, "stop");
        return show(wait ? awaitEnd("stop") : answer);
    }
}
