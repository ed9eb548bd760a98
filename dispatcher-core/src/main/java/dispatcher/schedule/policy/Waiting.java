package dispatcher.schedule.policy;

/// A build that waits, as far as its turn depends on that.
public interface Waiting {
    /// When it was first wanted, in nanoseconds since the epoch.
    long sinceNanos();

    /// Counts the builds as they come: no two have the same.
    long number();

    /// What it should take on a machine of speed 1, copying not counted.
    double expectedSeconds();

    /// What the longest chain of builds from this one on should take, itself included, on machines of speed 1.
    double remainingSeconds();
}
