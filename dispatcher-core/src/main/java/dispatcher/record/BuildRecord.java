package dispatcher.record;

import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// What is known of one build, that goes on or has ended.
///
/// @param id       counts all builds that were ever recorded, from 1
/// @param client   who asked
/// @param features that the derivation requires
/// @param asked    when the client asked
/// @param ended    when it was over; empty while it goes on
/// @param message  why it did not succeed; may have several lines; empty if there is nothing to say
/// @param waits    what it waited for
/// @param attempts on machines, in the order in which they began
/// @param copied   to the machine of the last attempt
/// @param fetched  by the client that asked
/// @param built    on that machine, copying not counted
/// @param outputBytes of all outputs, as NARs; 0 if not known, as is `peakMemory`
/// @param peakMemory  of all its processes, in bytes
public record BuildRecord(
        long id,
        String client,
        StorePath drvPath,
        String system,
        SortedSet<String> features,
        Instant asked,
        Optional<Instant> ended,
        Outcome outcome,
        String message,
        Waits waits,
        List<Attempt> attempts,
        Copied copied,
        Fetched fetched,
        Duration built,
        long outputBytes,
        long peakMemory) {
    public BuildRecord {
        features = Collections.unmodifiableSortedSet(new TreeSet<>(features));
        attempts = List.copyOf(attempts);
    }

    /// Whether it got the result of an equal build: its outputs, or its failure.
    public boolean isShared() {
        return outcome == Outcome.SHARED || (outcome == Outcome.FAILED && attempts.isEmpty());
    }

    /// How far it is, or how it ended.
    public enum Outcome {
        /// Waits for an equal build or for a machine.
        WAITING,

        /// On a machine; the inputs may still be on their way.
        RUNNING,

        /// The outputs are there.
        BUILT,

        /// The build itself failed, or an equal build that it waited for.
        FAILED,

        /// No machine could build it, or the client may not have it built.
        REFUSED,

        /// An operator ended it.
        CANCELLED,

        /// An equal build of another client made the outputs.
        SHARED,

        /// A machine had the outputs already.
        FOUND,

        /// The client left before the end.
        ABANDONED,

        /// The dispatcher ended before the build.
        INTERRUPTED;

        public boolean isOver() {
            return this != WAITING && this != RUNNING;
        }
    }

    /// Over all attempts; nothing is counted twice.
    ///
    /// @param forEqualBuild  until no equal build was under way, or until somebody stopped the build meanwhile
    /// @param forSlot        while a machine was there that could have taken it
    /// @param forAwayMachine while all that could have taken it were away, or its own was being started
    public record Waits(Duration forEqualBuild, Duration forSlot, Duration forAwayMachine) {
        public static final Waits NONE = new Waits(Duration.ZERO, Duration.ZERO, Duration.ZERO);
    }

    /// @param paths that were sent; 0 if the machine had all
    /// @param bytes of their NARs
    public record Copied(int paths, long bytes, Duration took) {
        public static final Copied NOTHING = new Copied(0, 0, Duration.ZERO);
    }

    /// Outputs on their way to the client.
    ///
    /// @param took for all of them together
    /// @param last when the last one was there; empty if none has been fetched
    public record Fetched(int paths, long bytes, Duration took, Optional<Instant> last) {
        public static final Fetched NOTHING = new Fetched(0, 0, Duration.ZERO, Optional.empty());
    }

    /// @param reason why this machine
    /// @param lost   why it did not go to its end there, if the machine or the way to it broke
    /// @param moved  who had it leave the machine and why, if so
    public record Attempt(String machine, String reason, Instant began, Optional<String> lost, Optional<String> moved) {
        /// One that goes on, or went to its end.
        public static Attempt begun(String machine, String reason, Instant began) {
            return new Attempt(machine, reason, began, Optional.empty(), Optional.empty());
        }

        /// Whether it went on as long as its build.
        public boolean isWhole() {
            return lost.isEmpty() && moved.isEmpty();
        }

        Attempt lostFor(String why) {
            return new Attempt(machine, reason, began, Optional.of(why), moved);
        }

        Attempt movedFor(String why) {
            return new Attempt(machine, reason, began, lost, Optional.of(why));
        }
    }

    /// The same as it is if the program that recorded it has ended: a build that went on was interrupted.
    public BuildRecord afterItsProgram() {
        if (outcome.isOver()) return this;
        return new BuildRecord(
                id,
                client,
                drvPath,
                system,
                features,
                asked,
                ended,
                Outcome.INTERRUPTED,
                message,
                waits,
                attempts,
                copied,
                fetched,
                built,
                outputBytes,
                peakMemory);
    }

    public BuildRecord withAttempts(List<Attempt> newAttempts) {
        return new BuildRecord(
                id,
                client,
                drvPath,
                system,
                features,
                asked,
                ended,
                outcome,
                message,
                waits,
                newAttempts,
                copied,
                fetched,
                built,
                outputBytes,
                peakMemory);
    }

    /// What stays the same from one version to the next, such as `hello`.
    public String packageName() {
        return PackageName.ofDerivation(name()).text();
    }

    /// Of the derivation, such as `hello-2.12`.
    public String name() {
        return drvPath.derivationName();
    }

    /// That it is on, or was on last.
    public Optional<String> machine() {
        return attempts.isEmpty()
                ? Optional.empty()
                : Optional.of(attempts.getLast().machine());
    }
}
