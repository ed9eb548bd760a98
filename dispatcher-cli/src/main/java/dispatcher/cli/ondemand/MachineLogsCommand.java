package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachinePower;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/// `dispatcher machine logs`.
@Command(
        name = "logs",
        description =
                "Show when a machine was started and stopped lately, and what its commands and the machine printed.",
        mixinStandardHelpOptions = true)
final class MachineLogsCommand extends PowerCommand {
    @Override
    public Integer call() {
        var answer = get(MachinePower.LOGS_PATH, "show the log of");
        show(answer, () -> lines(answer.printable(MachinePower.Log.class)));
        return ExitCode.OK;
    }

    private static List<String> lines(MachinePower.Log log) {
        var lines = new ArrayList<String>();
        if (log.lines().isEmpty()) lines.add("nothing has happened to %s".formatted(log.name()));
        for (var line : log.lines()) lines.add("%s %s".formatted(line.at(), line.text()));
        if (!log.printed().isEmpty()) {
            lines.add("");
            lines.add("%s itself printed last:".formatted(log.name()));
            for (var line : log.printed()) lines.add("  " + line);
        }
        return lines;
    }
}
