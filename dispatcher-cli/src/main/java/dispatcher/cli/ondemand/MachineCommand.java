package dispatcher.cli.ondemand;

import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.join.MachineAddCommand;
import dispatcher.cli.join.MachineRemoveCommand;
import picocli.CommandLine.Command;

/// `dispatcher machine`: one machine, added, removed, or started for builds and stopped when idle.
@Command(
        name = "machine",
        description = {
            "Add a machine, or remove one; show, start or stop one that has `onDemand` in the settings.",
            "For all machines at once see `dispatcher machines`; to keep builds away, `dispatcher drain`."
        },
        subcommands = {
            MachineAddCommand.class,
            MachineRemoveCommand.class,
            MachineStatusCommand.class,
            MachineStartCommand.class,
            MachineStopCommand.class,
            MachineRestartCommand.class,
            MachineResizeCommand.class,
            MachineLogsCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
public final class MachineCommand extends ApiCommand {
    @Override
    public Integer call() {
        throw wrongUsage("say what to do: add, remove, status, start, stop, restart, resize, logs or unit");
    }
}
