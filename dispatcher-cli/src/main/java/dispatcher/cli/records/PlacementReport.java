package dispatcher.cli.records;

import dispatcher.cli.api.record.PlacementAnswer;
import dispatcher.cli.api.record.PlacementAnswer.Points;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import dispatcher.schedule.policy.Amounts;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Help.Ansi;

/// Shows why a build went to a machine to people.
///
/// @param placement made printable
record PlacementReport(PlacementAnswer placement) {
    private static final String NOTHING = "-";

    List<String> lines(Ansi ansi) {
        var lines = new ArrayList<String>();
        lines.add("why %s, of %s:".formatted(placement.machine(), machines(placement.machines())));
        var table = new Table("MACHINE", "SCORE", "FINISH", "BOOT", "COPY", "LACKS", "BUILD", "SLOTS", "SPEED", "");
        table.row(row(placement.chosen(), "chosen"));
        for (var other : placement.others()) table.row(row(other, other.spared() ? "spared: counts double" : ""));
        lines.addAll(Lines.headed(table, ansi));
        long notShown = placement.free() - placement.others().size();
        if (notShown > 0) lines.add("%s had a free slot too".formatted(machines(notShown)));
        placement.objections().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .forEach(reason -> lines.add("%s: %s".formatted(machines(reason.getValue()), reason.getKey())));
        return lines;
    }

    private static String machines(long count) {
        return count == 1 ? "1 machine" : "%d machines".formatted(count);
    }

    private static String[] row(Points points, String words) {
        return new String[] {
            points.name(),
            points.score().map(BigDecimal::toPlainString).orElse(Lines.NO_HISTORY),
            seconds(points.finish(), Lines.NO_HISTORY),
            seconds(points.boot(), NOTHING),
            Amounts.seconds(points.copy().doubleValue()),
            points.copyBytes() == 0 ? NOTHING : Sizes.show(points.copyBytes()),
            seconds(points.build(), Lines.NO_HISTORY),
            "%d/%d".formatted(points.slotsTaken(), points.slots()),
            Amounts.factor(points.speed().doubleValue()),
            words
        };
    }

    private static String seconds(Optional<BigDecimal> seconds, String none) {
        return seconds.map(it -> Amounts.seconds(it.doubleValue())).orElse(none);
    }
}
