package dispatcher.cli.fleet;

import dispatcher.cli.control.Fields;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import dispatcher.schedule.policy.Amounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Help.Ansi;

/// Shows an explanation to people.
///
/// @param answer to [FleetRequests]' `explain`
record ExplanationReport(Fields answer) {
    private static final String NOTHING = "-";

    /// What would happen in a sentence, what is reckoned with, and the points of every machine.
    List<String> lines(Ansi ansi) {
        var machines = answer.objects("machines");
        var lines = new ArrayList<String>();
        lines.add("%s for %s%s".formatted(answer.text("drv"), answer.text("system"), features()));
        lines.add(verdict());
        lines.add(expectation());
        inputs().ifPresent(lines::add);
        resources().ifPresent(lines::add);
        long waiting = answer.number("waiting");
        if (waiting > 0)
            lines.add("%s already; those for the same machines that come first in their order begin before it"
                    .formatted(waiting == 1 ? "1 build waits" : waiting + " builds wait"));
        lines.add("");
        var table = new Table("MACHINE", "START", "LACKS", "COPY", "BUILD", "FINISH", "SLOTS", "SPEED", "WHY");
        for (var machine : machines) table.row(row(machine));
        var rows = Lines.headed(table, ansi);
        for (int i = 0; i < machines.size(); i++)
            if (machines.get(i).text("verdict").equals("chosen"))
                rows.set(i + 1, Terminal.paint(ansi, Terminal.GREEN, rows.get(i + 1)));
        lines.addAll(rows);
        return lines;
    }

    private String features() {
        var features = answer.texts("features");
        return features.isEmpty() ? "" : ", requires " + String.join(", ", features);
    }

    private String verdict() {
        var chosen = answer.optionalText("chosen");
        if (chosen.isPresent()) return "would go to %s now".formatted(chosen.get());
        if (!answer.flag("possible")) return "no machine can ever build it";
        return anyFree()
                ? "would wait for a busy machine that should finish it before any that is free"
                : "would wait: no machine that can build it takes it now";
    }

    private boolean anyFree() {
        return answer.objects("machines").stream()
                .anyMatch(machine -> machine.text("verdict").equals("not-best"));
    }

    private String expectation() {
        if (!answer.has("expected")) return "no history: nothing is known of how long it takes";
        var time = Amounts.seconds(answer.decimal("expected"));
        return answer.flag("expectedKnown")
                ? "takes %s at speed 1, as seen before".formatted(time)
                : "has not been seen before; counts as %s at speed 1, from what others took".formatted(time);
    }

    private Optional<String> inputs() {
        var inputs = answer.object("inputs");
        long unknown = inputs.number("unknown");
        if (inputs.number("paths") == 0 && unknown == 0) return Optional.empty();
        var words =
                "reads %s, %s".formatted(count(inputs.number("paths"), "path"), Amounts.bytes(inputs.number("bytes")));
        return Optional.of(
                unknown == 0 ? words : words + "; of %s it is not known how large".formatted(count(unknown, "input")));
    }

    private static String count(long number, String what) {
        return number == 1 ? "1 " + what : "%d %ss".formatted(number, what);
    }

    private Optional<String> resources() {
        var resources = answer.object("resources");
        var names = new TreeSet<>(resources.names());
        if (names.isEmpty()) return Optional.empty();
        return Optional.of("takes "
                + names.stream()
                        .map(name -> "%s %s".formatted(name, Amounts.show(name, resources.number(name))))
                        .collect(Collectors.joining(", ")));
    }

    private String[] row(Fields machine) {
        return new String[] {
            machine.text("name"),
            start(machine),
            lacks(machine),
            seconds(machine, "copy"),
            seconds(machine, "build"),
            seconds(machine, "finish"),
            slots(machine),
            speed(machine),
            why(machine)
        };
    }

    private static String start(Fields machine) {
        if (machine.isUnknown("untilStart")) return Lines.NO_HISTORY;
        if (!machine.has("untilStart")) return NOTHING;
        double seconds = machine.decimal("untilStart");
        return seconds == 0 ? "now" : "in " + Amounts.seconds(seconds);
    }

    /// What is to be copied there of the inputs.
    private static String lacks(Fields machine) {
        if (!machine.has("copyBytes") || machine.number("copyBytes") == 0) return NOTHING;
        return Amounts.bytes(machine.number("copyBytes"));
    }

    private static String seconds(Fields machine, String name) {
        if (machine.isUnknown(name)) return Lines.NO_HISTORY;
        return machine.has(name) ? Amounts.seconds(machine.decimal(name)) : NOTHING;
    }

    private static String slots(Fields machine) {
        return machine.has("slots")
                ? "%d/%d".formatted(machine.number("slotsTaken"), machine.number("slots"))
                : NOTHING;
    }

    private static String speed(Fields machine) {
        return machine.has("speed") ? Amounts.factor(machine.decimal("speed")) : NOTHING;
    }

    private String why(Fields machine) {
        var reason = machine.optionalText("reason");
        return switch (machine.text("verdict")) {
            case "chosen" -> "should finish it first";
            case "not-best" -> notBest(machine);
            default -> reason.orElse("");
        };
    }

    private String notBest(Fields machine) {
        var spared = machine.flag("spared") ? "spared for builds that need more of what it offers" : "";
        var late = chosen().map(best -> isKnown(best) && isKnown(machine) ? later(machine, best) : "no better");
        return Stream.of(spared, late.orElse("free, but slow"))
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining("; "));
    }

    private static boolean isKnown(Fields machine) {
        return !machine.isUnknown("finish");
    }

    private static String later(Fields machine, Fields best) {
        double later = machine.decimal("finish") - best.decimal("finish");
        return later > 0 ? "%s later".formatted(Amounts.seconds(later)) : "no better";
    }

    private Optional<Fields> chosen() {
        return answer.objects("machines").stream()
                .filter(machine -> machine.text("verdict").equals("chosen"))
                .findFirst();
    }
}
