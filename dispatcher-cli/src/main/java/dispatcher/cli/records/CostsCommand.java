package dispatcher.cli.records;

import dispatcher.cli.api.record.PackagesAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import dispatcher.record.RecordFigures.Cost;
import dispatcher.schedule.policy.Amounts;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher costs`: which packages cost most.
@Command(
        name = "costs",
        description = "Show the packages whose builds cost most: time, bytes copied to machines, outputs or memory.",
        mixinStandardHelpOptions = true)
public final class CostsCommand extends ApiCommand {
    @Option(
            names = "--days",
            paramLabel = "N",
            description = "Of builds that ended in the last N days, at most 366. Default: ${DEFAULT-VALUE}.",
            defaultValue = "7")
    private int days;

    @Option(
            names = "--by",
            paramLabel = "WHAT",
            description = "What they are compared by: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.",
            defaultValue = "TIME")
    private Cost by = Cost.TIME;

    @Option(
            names = {"-n", "--rows"},
            paramLabel = "N",
            description = "How many to show, at most 1,000. Default: ${DEFAULT-VALUE}.",
            defaultValue = "20")
    private int rows;

    @Override
    public Integer call() {
        if (days < 1 || days > FigureEndpoints.MOST_DAYS)
            throw wrongUsage("--days %d is not from 1 to %d".formatted(days, FigureEndpoints.MOST_DAYS));
        if (rows < 1 || rows > FigureEndpoints.MOST_ROWS)
            throw wrongUsage("--rows %d is not from 1 to %d".formatted(rows, FigureEndpoints.MOST_ROWS));
        var answer = new FigureAccess(state(), dispatcher())
                .ask(
                        PackagesAnswer.PATH,
                        Map.of(
                                FigureEndpoints.DAYS,
                                Integer.toString(days),
                                FigureEndpoints.BY,
                                FigureEndpoints.text(by),
                                FigureEndpoints.ROWS,
                                Integer.toString(rows)),
                        FigureEndpoints::packages);
        show(answer, () -> lines(answer.printable(PackagesAnswer.class)));
        return ExitCode.OK;
    }

    private static List<String> lines(PackagesAnswer answer) {
        if (answer.packages().isEmpty()) return List.of("no build is on record since " + answer.since());
        var table =
                new Table("PACKAGE", "SYSTEM", "BUILDS", "FAILED", "TIME", "COPYING", "COPIED", "OUTPUTS", "MEMORY");
        for (var cost : answer.packages())
            table.row(
                    cost.name(),
                    cost.system(),
                    Long.toString(cost.builds()),
                    Long.toString(cost.failed()),
                    Amounts.seconds(cost.building().doubleValue()),
                    Amounts.seconds(cost.copying().doubleValue()),
                    Sizes.show(cost.copiedBytes()),
                    Sizes.show(cost.outputBytes()),
                    cost.peakMemory().map(Sizes::show).orElse("-"));
        return Lines.headed(table, Terminal.out());
    }
}
