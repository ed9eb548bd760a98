package dispatcher.build;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;

/// What a build came to, for the client that asked for it.
public sealed interface BuildOutcome {
    /// What the client gets.
    BuildResult result();

    /// A machine has built it for this client, and keeps the outputs.
    ///
    /// @param outputs to be taken, or released
    record Built(BuildResult result, HeldOutputs outputs) implements BuildOutcome {}

    /// An equal build of another client's has built it, or has failed for a reason that holds for this client too.
    record Shared(BuildResult result) implements BuildOutcome {}

    /// Machines had all outputs, so nothing was built.
    record Found() implements BuildOutcome {
        @Override
        public BuildResult result() {
            return BuildResult.of(BuildStatus.ALREADY_VALID, "");
        }
    }

    /// It failed, or was refused, or no machine was left for it. The result says which.
    record NotBuilt(BuildResult result) implements BuildOutcome {}

    /// Gives back what is held, for a client that does not want it any more.
    default void release() {
        if (this instanceof Built built) built.outputs().release();
    }
}
