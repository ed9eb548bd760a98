package dispatcher.simulate.figures;

import dispatcher.simulate.Run;
import dispatcher.simulate.Span;
import dispatcher.simulate.model.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;

/// What came of a run.
///
/// @param policy      by which it went
/// @param makespan    until the last client has its last output
/// @param meanWait    from when a client asks for a build until it begins on the machine that does it: queue,
///                    connection, copies, and attempts that were lost
/// @param p95Wait     of that, what 95 of 100 builds do not exceed
/// @param sentBytes   to machines
/// @param utilisation share of all slots' time in which they build what is not lost
/// @param fairness    Jain's index of the clients' slowdowns: 1 if all are slowed down alike, 1/n if only one is
/// @param builds      that were built
/// @param failures    how often a build was reported to a client as failed because a machine had failed
/// @param refused     builds that no machine could do
public record Figures(
        String policy,
        Duration makespan,
        Duration meanWait,
        Duration p95Wait,
        long sentBytes,
        double utilisation,
        double fairness,
        int builds,
        int failures,
        int refused) {

    public static Figures of(Run run) {
        var done = run.spans().stream()
                .filter(span -> span.end() == Span.End.DONE)
                .sorted(Comparator.comparingInt(Span::job))
                .toList();
        var makespan = done.stream()
                .map(span -> Duration.between(Instant.EPOCH, span.ended()))
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
        var waits = done.stream()
                .map(span -> Duration.between(run.asked().get(span.job()), span.building()))
                .sorted()
                .toArray(Duration[]::new);
        long building = done.stream()
                .mapToLong(
                        span -> Duration.between(span.building(), span.built()).toNanos())
                .sum();
        double capacity = (double) slots(run.plan()) * makespan.toNanos();
        return new Figures(
                run.policy(),
                makespan,
                mean(waits),
                quantile(waits, 0.95),
                run.sentBytes(),
                capacity == 0 ? 0 : building / capacity,
                Fairness.of(run, done),
                done.size(),
                run.failures(),
                run.refused());
    }

    private static long slots(Plan plan) {
        return plan.scenario().hosts().stream()
                .mapToLong(host -> host.machine().maxJobs())
                .sum();
    }

    private static Duration mean(Duration[] sorted) {
        if (sorted.length == 0) return Duration.ZERO;
        return Duration.ofNanos(Math.round(
                Arrays.stream(sorted).mapToLong(Duration::toNanos).average().orElse(0)));
    }

    /// The smallest that at least this share does not exceed.
    static Duration quantile(Duration[] sorted, double share) {
        if (sorted.length == 0) return Duration.ZERO;
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }
}
