package dispatcher.cli.fleet;

import dispatcher.cli.control.Fields;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import dispatcher.schedule.policy.Amounts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Help.Ansi;

/// Shows the machines to people.
///
/// @param answer to [FleetRequests]' `machines`, made printable
record MachinesReport(Fields answer) {
    private static final String NOTHING = "-";

    /// By the dispatcher's clock, which need not be the host's.
    private Instant now() {
        return Instant.parse(answer.text("now"));
    }

    /// A table of the machines, what they have refused and, if anything runs there, a table of that.
    List<String> lines(Ansi ansi) {
        var machines = answer.objects("machines");
        var table = new Table("MACHINE", "STATE", "SLOTS", "SPEED", "BANDWIDTH", "RESOURCES", "WHY");
        for (var machine : machines)
            table.row(
                    machine.text("name"),
                    machine.text("state"),
                    "%d/%d".formatted(machine.number("slotsTaken"), machine.number("slots")),
                    speed(machine.object("speed")),
                    bandwidth(machine),
                    resources(machine.object("resources")),
                    why(machine));
        var lines = painted(table, machines, ansi);
        lines.addAll(refusals(machines));
        var running = running(machines);
        if (running.isEmpty()) return lines;
        lines.add("");
        lines.addAll(Lines.headed(running.get(), ansi));
        return lines;
    }

    private static List<String> painted(Table table, List<Fields> machines, Ansi ansi) {
        var lines = Lines.headed(table, ansi);
        for (int i = 0; i < machines.size(); i++) {
            boolean ready = machines.get(i).text("state").equals("ready");
            lines.set(i + 1, Terminal.paint(ansi, ready ? Terminal.GREEN : Terminal.RED, lines.get(i + 1)));
        }
        return lines;
    }

    /// As configured, and as measured if that differs.
    private static String speed(Fields speed) {
        var configured = Amounts.factor(speed.decimal("configured"));
        var measured = Amounts.factor(speed.decimal("measured"));
        return configured.equals(measured) ? configured : "%s, is %s".formatted(configured, measured);
    }

    private static String bandwidth(Fields machine) {
        return machine.flag("bandwidthMeasured") ? Amounts.bytes(machine.number("bandwidth")) + "/s" : NOTHING;
    }

    private static String resources(Fields resources) {
        if (resources.names().isEmpty()) return NOTHING;
        return resources.names().stream()
                .map(name -> {
                    var amounts = resources.object(name);
                    return "%s %s/%s"
                            .formatted(
                                    name,
                                    Amounts.show(name, amounts.number("taken")),
                                    Amounts.show(name, amounts.number("of")));
                })
                .collect(Collectors.joining(", "));
    }

    private String why(Fields machine) {
        var reason = machine.optionalText("reason").orElse("");
        return switch (machine.text("state")) {
            case "ready" -> "";
            case "set-aside" ->
                "for %s now: %s".formatted(Lines.until(Instant.parse(machine.text("since")), now()), reason);
            case "on-trial" -> "one build at a time until one has worked: " + reason;
            case "drained" -> "gets no builds until `dispatcher resume %s`".formatted(machine.text("name"));
            case "removed" -> "not in the settings any more; finishes what it has";
            default -> reason;
        };
    }

    private List<String> refusals(List<Fields> machines) {
        var lines = new ArrayList<String>();
        for (var machine : machines) {
            // Left out by a dispatcher that runs since before it was known.
            if (!machine.has("refuses")) continue;
            for (var refused : machine.objects("refuses"))
                lines.add("%s gets no %s %s: %s"
                        .formatted(
                                machine.text("name"),
                                refused.text("need"),
                                asked(Instant.parse(refused.text("until"))),
                                refused.text("reason")));
        }
        if (!lines.isEmpty()) lines.addFirst("");
        return lines;
    }

    private String asked(Instant until) {
        return until.isAfter(now())
                ? "for another %s if others can do them".formatted(Lines.until(now(), until))
                : "but the next one, to see whether it refuses still";
    }

    private Optional<Table> running(List<Fields> machines) {
        var rows = new ArrayList<String[]>();
        for (var machine : machines)
            for (var build : machine.objects("running"))
                rows.add(new String[] {
                    machine.text("name"),
                    build.text("drv"),
                    build.text("client").isEmpty() ? NOTHING : build.text("client"),
                    Lines.until(Instant.parse(build.text("since")), now()),
                    build.optionalText("expectedEnd")
                            .map(end -> end(Instant.parse(end)))
                            .orElse(Lines.NO_HISTORY)
                });
        if (rows.isEmpty()) return Optional.empty();
        var table = new Table("MACHINE", "BUILD", "CLIENT", "RUNS FOR", "SHOULD END");
        rows.forEach(table::row);
        return Optional.of(table);
    }

    private String end(Instant expected) {
        var left = Duration.between(now(), expected);
        return left.isPositive()
                ? "in " + Lines.until(now(), expected)
                : "%s ago".formatted(Lines.until(expected, now()));
    }
}
