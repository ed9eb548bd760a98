package dispatcher.cli.history;

import dispatcher.cli.api.HistoryAnswer;
import dispatcher.cli.settings.value.Durations;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Help.Ansi;

/// Shows the history to people.
///
/// @param answer made printable
record HistoryReport(HistoryAnswer answer) {
    private static final String UNKNOWN = "-";

    /// @param machines whether to show them too
    List<String> lines(boolean machines, Ansi ansi) {
        var lines = new ArrayList<String>();
        if (answer.packages().isEmpty()) lines.add("no build is known" + (machines ? " yet" : " of that name"));
        else lines.addAll(Lines.headed(packageTable(), ansi));
        long more = answer.allPackages() - answer.packages().size();
        if (more > 0) lines.add("and %d more: give a NAME to see one".formatted(more));
        if (machines) {
            lines.add("");
            lines.addAll(Lines.headed(machineTable(), ansi));
        }
        return lines;
    }

    private Table packageTable() {
        var table =
                new Table("PACKAGE", "SYSTEM", "BUILDS", "MEDIAN", "P90", "CHAIN", "MEMORY", "OUTPUTS", "LAST SEEN");
        for (var known : answer.packages())
            table.row(
                    known.name(),
                    known.system(),
                    Long.toString(known.builds()),
                    duration(known.medianSeconds()),
                    duration(known.highSeconds()),
                    duration(known.remainingSeconds()),
                    size(known.peakMemory()),
                    size(known.outputBytes()),
                    known.lastSeen().toString());
        return table;
    }

    private Table machineTable() {
        var table = new Table("MACHINE", "CONFIGURED SPEED", "SPEED", "MEASURED BY", "BANDWIDTH");
        for (var machine : answer.machines())
            table.row(
                    machine.name(),
                    "%.2f".formatted(machine.configuredSpeed()),
                    "%.2f".formatted(machine.speed()),
                    machine.measurements() + " builds",
                    machine.bandwidth().map(bytes -> Sizes.show(bytes) + "/s").orElse(UNKNOWN));
        return table;
    }

    private static String size(Optional<Long> bytes) {
        return bytes.map(Sizes::show).orElse(UNKNOWN);
    }

    private static String duration(Optional<BigDecimal> seconds) {
        return seconds.map(known -> show(known.doubleValue())).orElse(UNKNOWN);
    }

    /// Whole seconds, or one digit more of a few.
    private static String show(double seconds) {
        return seconds < 10
                ? String.format(Locale.ROOT, "%.1fs", seconds)
                : Durations.format(Duration.ofSeconds(Math.round(seconds)));
    }
}
