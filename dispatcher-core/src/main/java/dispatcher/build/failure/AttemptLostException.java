package dispatcher.build.failure;

import dispatcher.nix.BuildResult;
import java.util.Optional;

/// One attempt at a build is lost; another machine may do better.
public final class AttemptLostException extends Exception {
    private static final long serialVersionUID = 1L;

    /// What it was that went wrong.
    public enum Kind {
        /// The machine, or the way to it, broke before the build began.
        AWAY,
        /// The same while it built, so that the build itself may be to blame.
        BUILDING,
        /// The machine said no to the inputs or the build.
        REFUSED,
        /// An input is nested deeper than the machine's Nix takes.
        DEEP_INPUT,
        /// The machine's own settings keep it from builds of this kind.
        UNFIT,
        /// The build is asked for on the machine, whose Nix waits for it.
        HOME,
        /// The machine says that it built a fixed output, and does not have it.
        CLAIMED,
        /// The machine built a fixed output, and what came out cannot be one.
        NO_FIXED_OUTPUT,
        /// The conversation in which the machine built a fixed output ended, and the machine is well.
        ENDED,
        /// The machine says that the build failed for reasons of the moment.
        FAILED,
        /// The build was killed there, for lack of memory.
        OUT_OF_MEMORY,
        /// The build was killed there, and not for lack of memory.
        KILLED,
        /// The build was killed there, and the machine does not report whether memory was short.
        KILLED_UNEXPLAINED,
        /// The machine's disk is full.
        DISK_FULL,
        /// The machine's disk can take no more files.
        NO_INODES,
        /// The build's log speaks of a full disk, and the machine does not report one.
        DISK_UNEXPLAINED;

        /// Whether the machine lacks room, or may do so.
        public boolean isLackOfDisk() {
            return this == DISK_FULL || this == NO_INODES || this == DISK_UNEXPLAINED;
        }
    }

    private final Kind kind;

    /// What the machine said of the build; empty if it said nothing.
    private final transient Optional<BuildResult> verdict;

    public AttemptLostException(Kind kind, String reason) {
        super(reason);
        this.kind = kind;
        this.verdict = Optional.empty();
    }

    public AttemptLostException(Kind kind, BuildResult verdict) {
        super(verdict.message());
        this.kind = kind;
        this.verdict = Optional.of(verdict);
    }

    public Kind kind() {
        return kind;
    }

    public String reason() {
        return String.valueOf(getMessage());
    }

    /// Empty after serialization, which does not happen.
    Optional<BuildResult> verdict() {
        return verdict;
    }
}
