package dispatcher.cli.api;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;

/// The builds that wait for a machine.
///
/// @param now     from which the times in it are counted
/// @param waiting all of them
/// @param builds  the first ones, as many as were asked for
public record QueueAnswer(Instant now, long waiting, List<Waiting> builds) {
    public static final String PATH = "/api/v1/queue";

    public QueueAnswer {
        builds = List.copyOf(builds);
    }

    /// A build that waits.
    ///
    /// @param place         among the `of` that wait for the same machines
    /// @param expectedStart does not exist while none of its machines takes builds
    /// @param untilExpected the same in seconds
    public record Waiting(
            long place,
            long of,
            String drv,
            String client,
            long priority,
            String system,
            List<String> features,
            Instant since,
            Figure<Instant> expectedStart,
            Figure<BigDecimal> untilExpected) {
        public Waiting {
            features = List.copyOf(features);
        }
    }
}
