package dispatcher.cli.simulate;

import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import dispatcher.nix.json.Json;
import dispatcher.simulate.figures.Figures;
import dispatcher.simulate.figures.LowerBound;
import dispatcher.simulate.model.Scenario;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What the policies came to on one scenario.
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

    Json json() {
        return new Json.Members(Map.of(
                "scenario",
                new Json.Text(scenario.name()),
                "builds",
                number(scenario.jobs().size()),
                "machines",
                number(scenario.hosts().size()),
                "lowerBoundSeconds",
                exactSeconds(bound.time()),
                "lowerBoundBecause",
                new Json.Text(bound.because()),
                "policies",
                new Json.Elements(figures.stream().map(this::json).toList())));
    }

    private Json json(Figures one) {
        return new Json.Members(Map.of(
                "policy", new Json.Text(one.policy()),
                "makespanSeconds", exactSeconds(one.makespan()),
                "toLowerBound", decimal(ratio(one)),
                "meanWaitSeconds", exactSeconds(one.meanWait()),
                "p95WaitSeconds", exactSeconds(one.p95Wait()),
                "sentBytes", number(one.sentBytes()),
                "utilisation", decimal(one.utilisation()),
                "fairness", decimal(one.fairness()),
                "failures", number(one.failures()),
                "refused", number(one.refused())));
    }

    private static Json number(long number) {
        return new Json.Numeral(Long.toString(number));
    }

    private static Json decimal(double number) {
        return new Json.Numeral(String.format(Locale.ROOT, "%.6f", number));
    }

    private static Json exactSeconds(Duration duration) {
        return new Json.Numeral(BigDecimal.valueOf(duration.toNanos(), 9).toPlainString());
    }
}
