package dispatcher.simulate;

import dispatcher.simulate.model.Plan;
import java.time.Instant;
import java.util.List;

/// The result of a simulation.
///
/// @param policy    by which it went
/// @param spans     all attempts, in the order in which they ended
/// @param asked     of each build, when its client first asked for it; [Instant#MAX] of one that nobody could
/// @param failures  how often a build was reported to a client as failed, though the machine had failed
/// @param refused   builds that no machine could do, and those that need them
/// @param sentBytes to machines
public record Run(
        String policy, Plan plan, List<Span> spans, List<Instant> asked, int failures, int refused, long sentBytes) {
    public Run {
        spans = List.copyOf(spans);
        asked = List.copyOf(asked);
    }
}
