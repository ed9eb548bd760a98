package dispatcher.simulate.policy;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A policy at work in one simulation. All numbers are those of the plan that it was made with.
///
/// A build is asked for, started, connected, built and released; or started and unreachable; or lost at any time after
/// it was started. [#decide] is called after each of these. Confined to one thread.
public interface Contestant {
    Rules rules();

    /// A client wants a build whose inputs are all built.
    void asked(int job, Instant now);

    /// What starts now. Called again until nothing does.
    List<Start> decide(Instant now);

    /// Builds reported to the client as failed without another try, since the last call. To be asked after each
    /// [#decide].
    default List<Integer> declined() {
        return List.of();
    }

    /// When [#decide] should be called next though nothing has happened; not before `now`.
    Optional<Instant> wakeAt(Instant now);

    /// The machine answers.
    default void connected(Start start, Instant now) {}

    /// The machine does not answer; the slot was released just now.
    ///
    /// @return whether it goes on trying; otherwise the build is reported to the client as failed
    boolean unreachable(Start start, Instant now);

    /// The machine broke before the outputs were fetched; the slot was released just now or earlier.
    ///
    /// @return whether it is tried again; otherwise the build is reported to the client as failed
    boolean lost(Start start, Instant now);

    /// It has been built, whether its outputs have been fetched or not.
    default void built(Start start, Instant now) {}

    /// Its slot is free, at its end or because the machine is at fault.
    void released(Start start, Instant now);

    /// A machine is there again. Only policies whose machines come by themselves hear of it.
    default void joined(int host, Instant now) {}

    /// A machine has gone, likewise.
    default void left(int host, Instant now) {}
}
