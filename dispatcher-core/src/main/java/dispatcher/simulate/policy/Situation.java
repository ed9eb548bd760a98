package dispatcher.simulate.policy;

/// What a policy may look at, beside its events.
public interface Situation {
    /// Bytes of a build's inputs that are neither on a machine nor on the way to it.
    long missingBytes(int job, int host);

    /// Whether a machine takes connections.
    boolean answers(int host);
}
