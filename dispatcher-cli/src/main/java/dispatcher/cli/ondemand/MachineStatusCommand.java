package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachinePower;
import picocli.CommandLine.Command;

/// `dispatcher machine status`.
@Command(
        name = "status",
        description = "Show whether a machine is on, and who uses it.",
        footer = "Exit status 1 if the machine could not be started.",
        mixinStandardHelpOptions = true)
final class MachineStatusCommand extends PowerCommand {
    @Override
    public Integer call() {
        return show(get(MachinePower.STATUS_PATH, "look at"));
    }
}
