package dispatcher.cli.simulate;

import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import dispatcher.simulate.figures.Figures;
import dispatcher.simulate.figures.LowerBound;
import dispatcher.simulate.model.Scenario;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/// The results of the policies on one scenario.
///
/// @param figures in the order in which they are shown
record Comparison(Scenario scenario, LowerBound bound, List<Figures> figures) {

    List<String> lines() {
        var table = new Table(
                "POLICY",
                "MAKESPAN",
                "TO BOUND",
                "MEAN WAIT",
                "P95 WAIT",
                "SENT",
                "USED",
                "FAIRNESS",
                "FAILED",
                "REFUSED");
        for (var one : figures)
            table.row(
                    one.policy(),
                    seconds(one.makespan()),
                    String.format(Locale.ROOT, "%.3f", ratio(one)),
                    seconds(one.meanWait()),
                    seconds(one.p95Wait()),
                    Sizes.show(one.sentBytes()),
                    String.format(Locale.ROOT, "%.0f%%", one.utilisation() * 100),
                    String.format(Locale.ROOT, "%.2f", one.fairness()),
                    Integer.toString(one.failures()),
                    Integer.toString(one.refused()));
        return table.lines();
    }

    String head() {
        return "%s: %d builds, %d machines; no policy can take less than %s (%s)"
                .formatted(
                        scenario.name(),
                        scenario.jobs().size(),
                        scenario.hosts().size(),
                        seconds(bound.time()),
                        bound.because());
    }

    private double ratio(Figures one) {
        return bound.time().isZero()
                ? 1
                : (double) one.makespan().toNanos() / bound.time().toNanos();
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toNanos() / 1e9);
    }

    /// What `--json` prints of one scenario.
    record Answer(
            String scenario,
            int builds,
            int machines,
            BigDecimal lowerBoundSeconds,
            String lowerBoundBecause,
            List<Row> policies) {}

    record Row(
            String policy,
            BigDecimal makespanSeconds,
            BigDecimal toLowerBound,
            BigDecimal meanWaitSeconds,
            BigDecimal p95WaitSeconds,
            long sentBytes,
            BigDecimal utilisation,
            BigDecimal fairness,
            int failures,
            int refused) {}

    Answer answer() {
        return new Answer(
                scenario.name(),
                scenario.jobs().size(),
                scenario.hosts().size(),
                exactSeconds(bound.time()),
                bound.because(),
                figures.stream().map(this::row).toList());
    }

    private Row row(Figures one) {
        return new Row(
                one.policy(),
                exactSeconds(one.makespan()),
                decimal(ratio(one)),
                exactSeconds(one.meanWait()),
                exactSeconds(one.p95Wait()),
                one.sentBytes(),
                decimal(one.utilisation()),
                decimal(one.fairness()),
                one.failures(),
                one.refused());
    }

    private static BigDecimal decimal(double number) {
        return new BigDecimal(String.format(Locale.ROOT, "%.6f", number));
    }

    private static BigDecimal exactSeconds(Duration duration) {
        return BigDecimal.valueOf(duration.toNanos(), 9);
    }
}
