package dispatcher.dispatch;

import dispatcher.store.BuildOptions;
import java.time.Duration;

/// How much is borne of machines and builds that do not do well.
///
/// @param maxAttempts machines on which a build may begin and be lost before its client is told; at least 1
/// @param answer      within which a machine must give some sign of life before a build is taken there
/// @param unavailable how long a build waits while all machines that fit it are set aside
/// @param builds      what a client that sets no limits is taken to have said; of these only the limits count
/// @param stragglers  builds that may be begun a second time while they run
public record RetryPolicy(
        int maxAttempts, Duration answer, Duration unavailable, BuildOptions builds, Stragglers stragglers) {
    public static final RetryPolicy DEFAULT =
            new RetryPolicy(3, Duration.ofSeconds(2), Duration.ofMinutes(1), BuildOptions.DEFAULT, Stragglers.OFF);

    public RetryPolicy {
        if (maxAttempts < 1) throw new IllegalArgumentException("maxAttempts is %d, below 1".formatted(maxAttempts));
    }
}
