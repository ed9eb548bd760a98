package dispatcher.cli.records;

import dispatcher.cli.api.record.LoadAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import dispatcher.schedule.policy.Amounts;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher load`: which kind of machine is missing.
@Command(
        name = "load",
        description = {
            "Show what builds of each system and feature set waited for, and which machines there are for them; those that"
                    + " waited longest for machines first.",
            "Where none runs, machines and builds that wait are not known."
        },
        mixinStandardHelpOptions = true)
public final class LoadCommand extends ApiCommand {
    @Option(
            names = "--hours",
            paramLabel = "N",
            description = "Of builds that ended in the last N hours, at most 744. Default: ${DEFAULT-VALUE}.",
            defaultValue = "24")
    private int hours;

    @Override
    public Integer call() {
        if (hours < 1 || hours > FigureEndpoints.MOST_HOURS)
            throw wrongUsage("--hours %d is not from 1 to %d".formatted(hours, FigureEndpoints.MOST_HOURS));
        var answer = new FigureAccess(state(), dispatcher())
                .ask(LoadAnswer.PATH, Map.of(FigureEndpoints.HOURS, Integer.toString(hours)), FigureEndpoints::load);
        show(answer, () -> lines(answer.printable(LoadAnswer.class)));
        return ExitCode.OK;
    }

    private static List<String> lines(LoadAnswer answer) {
        if (answer.kinds().isEmpty()) return List.of("no build is on record since " + answer.since());
        var table = new Table(
                "SYSTEM",
                "FEATURES",
                "BUILDS",
                "REFUSED",
                "SLOT WAIT",
                "AWAY",
                "LONGEST",
                "WAITING",
                "MACHINES",
                "SLOTS");
        for (var kind : answer.kinds())
            table.row(
                    kind.system(),
                    kind.features().isEmpty() ? "-" : String.join(",", kind.features()),
                    Long.toString(kind.builds()),
                    Long.toString(kind.refused()),
                    seconds(kind.waited().slot()),
                    seconds(kind.waited().awayMachine()),
                    seconds(kind.longestWait()),
                    Long.toString(kind.waiting()),
                    Long.toString(kind.machines()),
                    "%d/%d".formatted(kind.slotsTaken(), kind.slots()));
        return Lines.headed(table, Terminal.out());
    }

    private static String seconds(BigDecimal seconds) {
        return Amounts.seconds(seconds.doubleValue());
    }
}
