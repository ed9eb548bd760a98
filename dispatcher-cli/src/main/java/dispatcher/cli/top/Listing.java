package dispatcher.cli.top;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.terminal.Lines;
import dispatcher.text.Printable;
import java.time.Instant;
import java.util.List;
import org.jline.utils.AttributedStyle;

/// What a pane lists.
///
/// @param all how many there are, also those that the filter leaves out or that were not asked for
record Listing(Columns columns, List<Row> rows, long all) {
    private static final Columns MACHINES = Columns.of(
            new Columns.Column("MACHINE", 14, 0),
            new Columns.Column("STATE", 9, 1),
            new Columns.Column("SLOTS", 6, 2),
            new Columns.Column("BUILDS FOR", 8, 4),
            new Columns.Column("WHY", 10, 3));
    private static final Columns RUNNING = Columns.of(
            new Columns.Column("BUILD", 16, 0),
            new Columns.Column("MACHINE", 6, 2),
            new Columns.Column("CLIENT", 6, 4),
            new Columns.Column("PHASE", 10, 3),
            new Columns.Column("FOR", 5, 1),
            new Columns.Column("SHOULD END", 6, 5));
    private static final Columns QUEUE = Columns.of(
            new Columns.Column("PLACE", 6, 1),
            new Columns.Column("BUILD", 16, 0),
            new Columns.Column("CLIENT", 6, 4),
            new Columns.Column("NEEDS", 8, 3),
            new Columns.Column("FOR", 5, 2),
            new Columns.Column("SHOULD START", 6, 5));
    private static final int STATE = 1;
    private static final int HASH_AND_DASH = 33;

    /// Slots up to which each has a sign of its own.
    private static final int LONGEST_STRIP = 16;

    Listing {
        rows = List.copyOf(rows);
    }

    /// @param filter only rows that have it; may be empty
    static Listing of(Pane pane, Picture picture, String filter) {
        var listing = switch (pane) {
            case MACHINES ->
                new Listing(
                        MACHINES,
                        picture.machines().stream().map(Listing::machine).toList(),
                        picture.machines().size());
            case RUNNING ->
                new Listing(
                        RUNNING,
                        picture.running().stream()
                                .map(build -> running(build, picture.status().now()))
                                .toList(),
                        picture.running().size());
            case QUEUE ->
                new Listing(
                        QUEUE,
                        picture.queue().builds().stream()
                                .map(build -> waiting(build, picture.queue().now()))
                                .toList(),
                        picture.queue().waiting());
        };
        return filter.isEmpty() ? listing : listing.filtered(filter);
    }

    private Listing filtered(String filter) {
        return new Listing(columns, rows.stream().filter(row -> row.has(filter)).toList(), all);
    }

    private static Row machine(MachineAnswer machine) {
        return Row.of(
                        machine.name(),
                        shown(machine.name()),
                        machine.state(),
                        slots(machine.slotsTaken(), machine.slots()),
                        shown(String.join(",", machine.systems())),
                        shown(machine.reason()
                                .orElseGet(() -> machine.refuses().stream()
                                        .map(refusal -> "refuses " + refusal.need())
                                        .findFirst()
                                        .orElse(""))))
                .with(STATE, style(machine.state()));
    }

    private static AttributedStyle style(String state) {
        return switch (state) {
            case "ready" -> AttributedStyle.DEFAULT.foreground(AttributedStyle.GREEN);
            case "set-aside" -> AttributedStyle.BOLD.foreground(AttributedStyle.RED);
            case "drained", "removed" -> AttributedStyle.DEFAULT.faint();
            default -> AttributedStyle.DEFAULT.foreground(AttributedStyle.YELLOW);
        };
    }

    /// For example `3/8 ###.....`.
    private static String slots(long taken, long all) {
        var count = "%d/%d".formatted(taken, all);
        if (all < 1 || all > LONGEST_STRIP) return count;
        int full = (int) Math.min(taken, all);
        return count + " " + "#".repeat(full) + ".".repeat((int) all - full);
    }

    private static Row running(Picture.Running running, Instant now) {
        var build = running.build();
        return Row.of(
                build.drv() + " " + running.machine(),
                name(build.drv()),
                shown(running.machine()),
                orDash(build.client()),
                running.phase(),
                Lines.until(build.since(), now),
                build.expectedEnd().show(end -> in(now, end), Lines.NO_HISTORY, Lines.NO_HISTORY));
    }

    private static Row waiting(QueueAnswer.Waiting build, Instant now) {
        var needs = build.features().isEmpty()
                ? build.system()
                : build.system() + " with " + String.join(",", build.features());
        return Row.of(
                build.drv() + " " + build.client() + " " + build.since(),
                "%d of %d".formatted(build.place(), build.of()),
                name(build.drv()),
                orDash(build.client()),
                shown(needs),
                Lines.until(build.since(), now),
                build.expectedStart()
                        .show(start -> in(now, start), Lines.NO_HISTORY, "when a machine takes builds again"));
    }

    private static String in(Instant now, Instant then) {
        return then.isAfter(now) ? "in " + Lines.until(now, then) : "any time";
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : shown(text);
    }

    /// The name of a derivation without the hash, by which nobody knows it.
    static String name(String drv) {
        boolean hashed = drv.length() > HASH_AND_DASH && drv.charAt(HASH_AND_DASH - 1) == '-';
        var name = hashed ? drv.substring(HASH_AND_DASH) : drv;
        return shown(name.endsWith(".drv") ? name.substring(0, name.length() - ".drv".length()) : name);
    }

    private static String shown(String text) {
        return Printable.line(text);
    }
}
