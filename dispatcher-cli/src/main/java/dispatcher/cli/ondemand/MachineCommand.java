package dispatcher.cli.ondemand;

import dispatcher.cli.command.ApiCommand;
import picocli.CommandLine.Command;

/// `dispatcher machine`: one machine that is started for builds and stopped when idle.
@Command(
        name = "machine",
        description = {
            "Show, start or stop a machine that has `onDemand` in the settings.",
            "For all machines at once see `dispatcher machines`; to keep builds away, `dispatcher drain`."
        },
        subcommands = {
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
        throw wrongUsage("say what to do: status, start, stop, restart, resize, logs or unit");
    }
}
