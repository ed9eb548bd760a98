package dispatcher.build;

import dispatcher.machine.link.MachineLink;
import dispatcher.nix.StorePath;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.verify.BuiltOutput;
import java.util.List;

/// Outputs on the machine that built them, pinned there by an open conversation. To be released, or taken over with
/// both the use of the machine and the conversation.
///
/// @param machine     the use of the machine
/// @param lease       the conversation; the outputs cannot be collected as garbage while it is open
/// @param outputs     and what they refer to that the build has made on the way; empty for a build that made nothing
/// @param madeInBuild paths among those that are no outputs
public record HeldOutputs(
        MachineLink.Use machine, StorePool.Lease lease, List<BuiltOutput> outputs, List<StorePath> madeInBuild) {

    /// Nobody will fetch them.
    public void release() {
        lease.release();
        machine.close();
    }
}
