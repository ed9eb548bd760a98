package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachinePower;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `dispatcher machine start`.
@Command(
        name = "start",
        description = {
            "Start a machine, if it does not run. It is stopped again when nobody has used it for its idleAfter."
        },
        footer = "Exit status 1 if the machine could not be started.",
        mixinStandardHelpOptions = true)
final class MachineStartCommand extends PowerCommand {
    @Option(names = "--wait", description = "Return when it is ready, or could not be started.")
    private boolean wait;

    @Override
    public Integer call() throws InterruptedException {
        var answer = post(MachinePower.START_PATH, "start");
        return show(wait ? awaitEnd("start") : answer);
    }
}
