package dispatcher.cli.records;

import dispatcher.cli.api.record.TimelineAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher timeline`: what was on which machine.
@Command(
        name = "timeline",
        description = "Show what was on each machine in the last hours, and when.",
        mixinStandardHelpOptions = true)
public final class TimelineCommand extends ApiCommand {
    @Option(
            names = "--hours",
            paramLabel = "N",
            description = "How far back, at most 744. Default: ${DEFAULT-VALUE}.",
            defaultValue = "1")
    private int hours;

    @Option(names = "--machine", paramLabel = "NAME", description = "Only this one.")
    private @Nullable String machine;

    @Override
    public Integer call() {
        if (hours < 1 || hours > FigureEndpoints.MOST_HOURS)
            throw wrongUsage("--hours %d is not from 1 to %d".formatted(hours, FigureEndpoints.MOST_HOURS));
        var parameters = new LinkedHashMap<>(Map.of(FigureEndpoints.HOURS, Integer.toString(hours)));
        if (machine != null) parameters.put(FigureEndpoints.MACHINE, machine);
        var answer =
                new FigureAccess(state(), dispatcher()).ask(TimelineAnswer.PATH, parameters, FigureEndpoints::timeline);
        show(answer, () -> lines(answer.printable(TimelineAnswer.class)));
        return ExitCode.OK;
    }

    private static List<String> lines(TimelineAnswer answer) {
        if (answer.machines().isEmpty()) return List.of("no build was on a machine since " + answer.from());
        var table = new Table("MACHINE", "FROM", "TOOK", "ID", "BUILD", "CLIENT", "OUTCOME");
        for (var row : answer.machines())
            for (var bar : row.builds())
                table.row(
                        row.name(),
                        bar.from().toString(),
                        Lines.until(bar.from(), bar.to().orElse(answer.now())),
                        Long.toString(bar.id()),
                        bar.name(),
                        bar.client(),
                        bar.outcome());
        var lines = new ArrayList<String>(Lines.headed(table, Terminal.out()));
        if (answer.more()) lines.add("there were more; these are those that ended last");
        return lines;
    }
}
