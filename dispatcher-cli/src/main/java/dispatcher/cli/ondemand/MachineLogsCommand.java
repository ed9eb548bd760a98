package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachinePower;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/// `dispatcher machine logs`.
@Command(
        name = "logs",
        description = "Show when a machine was started and stopped lately, and what its commands printed.",
        mixinStandardHelpOptions = true)
final class MachineLogsCommand extends PowerCommand {
    @Override
    public Integer call() {
        var answer = get(settings(), MachinePower.LOGS_PATH, "show the log of");
        show(answer, () -> lines(answer.printable(MachinePower.Log.class)));
        return ExitCode.OK;
    }

    private static List<String> lines(MachinePower.Log log) {
        if (log.lines().isEmpty()) return List.of("nothing has happened to %s".formatted(log.name()));
        return log.lines().stream()
                .map(line -> "%s %s".formatted(line.at(), line.text()))
                .toList();
    }
}
