package dispatcher.cli.machines;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import dispatcher.schedule.policy.Amounts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Help.Ansi;

/// Shows the machines to people.
///
/// @param answer made printable
record MachinesReport(MachinesAnswer answer) {
    private static final String NOTHING = "-";
    private static final MachineAnswer.Drained NOT_KNOWN =
            new MachineAnswer.Drained(Optional.empty(), Optional.empty(), Optional.empty());

    /// A table of the machines, what they have refused and, if anything runs there, a table of that.
    List<String> lines(Ansi ansi) {
        var table = new Table("MACHINE", "STATE", "SLOTS", "SPEED", "BANDWIDTH", "RESOURCES", "WHY");
        for (var machine : answer.machines())
            table.row(
                    machine.name(),
                    state(machine),
                    "%d/%d".formatted(machine.slotsTaken(), machine.slots()),
                    speed(machine.speed()),
                    bandwidth(machine),
                    resources(machine.resources()),
                    why(machine));
        var lines = painted(table, ansi);
        descriptions().ifPresent(said -> {
            lines.add("");
            lines.addAll(Lines.headed(said, ansi));
        });
        measured().ifPresent(now -> {
            lines.add("");
            lines.addAll(Lines.headed(now, ansi));
        });
        lines.addAll(refusals());
        var running = running();
        if (running.isEmpty()) return lines;
        lines.add("");
        lines.addAll(Lines.headed(running.get(), ansi));
        return lines;
    }

    private List<String> painted(Table table, Ansi ansi) {
        var lines = Lines.headed(table, ansi);
        for (int i = 0; i < answer.machines().size(); i++) {
            boolean ready = isWell(answer.machines().get(i));
            lines.set(i + 1, Terminal.paint(ansi, ready ? Terminal.GREEN : Terminal.RED, lines.get(i + 1)));
        }
        return lines;
    }

    /// For example `ready, off`.
    private static String state(MachineAnswer machine) {
        return machine.onDemand()
                .map(MachineAnswer.OnDemand::state)
                .filter(power -> !power.equals("ready"))
                .map(power -> "%s, %s".formatted(machine.state(), power))
                .orElse(machine.state());
    }

    private static boolean isWell(MachineAnswer machine) {
        return machine.state().equals("ready")
                && machine.onDemand().filter(it -> it.state().equals("failed")).isEmpty();
    }

    /// As configured, and as measured if that differs.
    private static String speed(MachineAnswer.Speed speed) {
        var configured = Amounts.factor(speed.configured().doubleValue());
        var measured = Amounts.factor(speed.measured().doubleValue());
        return configured.equals(measured) ? configured : "%s, is %s".formatted(configured, measured);
    }

    private static String bandwidth(MachineAnswer machine) {
        return machine.bandwidthMeasured() ? Amounts.bytes(machine.bandwidth()) + "/s" : NOTHING;
    }

    private static String resources(SortedMap<String, MachineAnswer.Resource> resources) {
        if (resources.isEmpty()) return NOTHING;
        return resources.entrySet().stream()
                .map(entry -> "%s %s/%s"
                        .formatted(
                                entry.getKey(),
                                Amounts.show(entry.getKey(), entry.getValue().taken()),
                                Amounts.show(entry.getKey(), entry.getValue().of())))
                .collect(Collectors.joining(", "));
    }

    private String why(MachineAnswer machine) {
        var reason = machine.reason().orElse("");
        return switch (machine.state()) {
            case "ready" ->
                machine.onDemand().map(it -> PowerWords.why(it, answer.now())).orElse("");
            case "set-aside" ->
                machine.since()
                                .map(since -> "for %s now: %s".formatted(Lines.until(since, answer.now()), reason))
                                .orElse(reason)
                        + again(machine);
            case "on-trial" -> "one build at a time until one has worked: " + reason;
            case "drained" ->
                "gets no builds until `dispatcher resume %s`%s"
                        .formatted(
                                machine.name(),
                                machine.drained().map(this::drained).orElse(""));
            case "removed" -> "not in the settings any more; finishes what it has";
            default -> reason + again(machine);
        };
    }

    /// For example `; tried again in 3 min`.
    private String again(MachineAnswer machine) {
        return machine.triedAgain()
                .filter(answer.now()::isBefore)
                .map(at -> "; tried again in " + Lines.until(answer.now(), at))
                .orElse("");
    }

    /// For example `; drained 2 h ago by root: new disk`.
    private String drained(MachineAnswer.Drained drain) {
        if (drain.equals(NOT_KNOWN)) return "";
        return "; drained"
                + drain.since()
                        .map(since -> " %s ago".formatted(Lines.until(since, answer.now())))
                        .orElse("")
                + drain.by().map(who -> " by " + who).orElse("")
                + drain.note().map(why -> ": " + why).orElse("");
    }

    private List<String> refusals() {
        var lines = new ArrayList<String>();
        for (var machine : answer.machines())
            for (var refused : machine.refuses())
                lines.add("%s gets no %s %s: %s"
                        .formatted(machine.name(), refused.need(), asked(refused.until()), refused.reason()));
        if (!lines.isEmpty()) lines.addFirst("");
        return lines;
    }

    private String asked(Instant until) {
        return until.isAfter(answer.now())
                ? "for another %s if others can do them".formatted(Lines.until(answer.now(), until))
                : "but the next one, to see whether it refuses still";
    }

    /// What machines say of themselves.
    private Optional<Table> descriptions() {
        if (answer.machines().stream().allMatch(machine -> machine.description().isEmpty())) return Optional.empty();
        var table = new Table("MACHINE", "NIX", "CORES", "MEMORY", "DISK FREE", "SYSTEMS", "FEATURES", "SAID");
        for (var machine : answer.machines())
            machine.description()
                    .ifPresent(said -> table.row(
                            machine.name(),
                            said.nix().orElse(NOTHING),
                            said.cores().map(Object::toString).orElse(NOTHING),
                            said.memory().map(Sizes::show).orElse(NOTHING),
                            said.diskFree().map(Sizes::show).orElse(NOTHING),
                            names(said.systems()),
                            names(said.features()),
                            Lines.until(said.at(), answer.now()) + " ago"));
        return Optional.of(table);
    }

    /// How machines were doing a moment ago.
    private Optional<Table> measured() {
        if (answer.machines().stream().allMatch(machine -> machine.measured().isEmpty())) return Optional.empty();
        var table = new Table("MACHINE", "LOAD", "CORES", "MEMORY FREE", "DISK FREE", "BUILD DISK FREE", "MEASURED");
        for (var machine : answer.machines())
            machine.measured()
                    .ifPresent(now -> table.row(
                            machine.name(),
                            Amounts.factor(now.load().doubleValue()),
                            Long.toString(now.cores()),
                            room(now.memory()),
                            room(now.disk()),
                            room(now.buildDisk()),
                            Lines.until(now.at(), answer.now()) + " ago"));
        return Optional.of(table);
    }

    private static String room(MachineAnswer.Room room) {
        return "%s of %s".formatted(Sizes.show(room.free()), Sizes.show(room.of()));
    }

    private static String names(Optional<List<String>> names) {
        return names.filter(all -> !all.isEmpty())
                .map(all -> String.join(",", all))
                .orElse(NOTHING);
    }

    private Optional<Table> running() {
        var rows = new ArrayList<String[]>();
        for (var machine : answer.machines())
            for (var build : machine.running())
                rows.add(new String[] {
                    machine.name(),
                    build.drv(),
                    build.client().isEmpty() ? NOTHING : build.client(),
                    Lines.until(build.since(), answer.now()),
                    build.expectedEnd().show(this::end, Lines.NO_HISTORY, Lines.NO_HISTORY)
                });
        if (rows.isEmpty()) return Optional.empty();
        var table = new Table("MACHINE", "BUILD", "CLIENT", "RUNS FOR", "SHOULD END");
        rows.forEach(table::row);
        return Optional.of(table);
    }

    private String end(Instant expected) {
        var left = Duration.between(answer.now(), expected);
        return left.isPositive()
                ? "in " + Lines.until(answer.now(), expected)
                : "%s ago".formatted(Lines.until(expected, answer.now()));
    }
}
