package dispatcher.build;

import dispatcher.store.BuildOptions;

/// Limits on builds that do not go well.
///
/// @param maxAttempts machines on which a build may begin and be lost before its client gets an error; at least 1
/// @param builds      limits for clients that set none; only the limits count
/// @param stragglers  which builds may be begun a second time while they run
public record RetryPolicy(int maxAttempts, BuildOptions builds, Stragglers stragglers) {
    public RetryPolicy {
        if (maxAttempts < 1) throw new IllegalArgumentException("maxAttempts is %d, below 1".formatted(maxAttempts));
    }
}
