package dispatcher.cli.history;

import dispatcher.cli.control.Fields;
import dispatcher.cli.settings.value.Durations;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import dispatcher.nix.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Help.Ansi;

/// Shows the answer of [HistoryRequests] to people.
record HistoryReport(Fields answer) {
    private static final String UNKNOWN = "-";

    /// @param machines whether to show them too
    List<String> lines(boolean machines, Ansi ansi) {
        var lines = new ArrayList<String>();
        var packages = answer.objects("packages");
        if (packages.isEmpty()) lines.add("no build is known" + (machines ? " yet" : " of that name"));
        else lines.addAll(headed(packageTable(packages), ansi));
        long more = answer.number("allPackages") - packages.size();
        if (more > 0) lines.add("and %d more: give a NAME to see one".formatted(more));
        if (machines) {
            lines.add("");
            lines.addAll(headed(machineTable(answer.objects("machines")), ansi));
        }
        return lines;
    }

    private static List<String> headed(Table table, Ansi ansi) {
        var lines = new ArrayList<>(table.lines());
        lines.set(0, Terminal.paint(ansi, Terminal.BOLD, lines.getFirst()));
        return lines;
    }

    private static Table packageTable(List<Fields> packages) {
        var table =
                new Table("PACKAGE", "SYSTEM", "BUILDS", "MEDIAN", "P90", "CHAIN", "MEMORY", "OUTPUTS", "LAST SEEN");
        for (var known : packages)
            table.row(
                    known.text("name"),
                    known.text("system"),
                    Long.toString(known.number("builds")),
                    duration(known, "medianSeconds"),
                    duration(known, "highSeconds"),
                    duration(known, "remainingSeconds"),
                    size(known, "peakMemory"),
                    size(known, "outputBytes"),
                    known.text("lastSeen"));
        return table;
    }

    private static Table machineTable(List<Fields> machines) {
        var table = new Table("MACHINE", "CONFIGURED SPEED", "SPEED", "MEASURED BY", "BANDWIDTH");
        for (var machine : machines)
            table.row(
                    machine.text("name"),
                    "%.2f".formatted(decimal(machine, "configuredSpeed").orElse(1.0)),
                    "%.2f".formatted(decimal(machine, "speed").orElse(1.0)),
                    machine.number("measurements") + " builds",
                    known(machine, "bandwidth") ? size(machine, "bandwidth") + "/s" : UNKNOWN);
        return table;
    }

    private static boolean known(Fields fields, String name) {
        return fields.members().get(name).isPresent();
    }

    private static String size(Fields fields, String name) {
        return known(fields, name) ? Sizes.show(fields.number(name)) : UNKNOWN;
    }

    private static String duration(Fields fields, String name) {
        return decimal(fields, name).map(HistoryReport::show).orElse(UNKNOWN);
    }

    /// Whole seconds, or one digit more of a few.
    private static String show(double seconds) {
        return seconds < 10
                ? String.format(java.util.Locale.ROOT, "%.1fs", seconds)
                : Durations.format(Duration.ofSeconds(Math.round(seconds)));
    }

    private static Optional<Double> decimal(Fields fields, String name) {
        return fields.members()
                .get(name)
                .filter(Json.Numeral.class::isInstance)
                .map(number -> Double.valueOf(((Json.Numeral) number).text()));
    }
}
