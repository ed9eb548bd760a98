package dispatcher.session;

import dispatcher.machine.link.MachineLink;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.Store;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.verify.BuiltOutput;
import dispatcher.store.verify.OutputCheck;
import dispatcher.wire.FalseAnswerException;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A conversation with a machine that has paths which a client may still want. To be released or dropped.
///
/// Confined to the session's thread.
final class RetainedConversation {
    private final MachineLink.Use use;
    private final StorePool.Lease lease;
    private final Set<StorePath> unfetched = new HashSet<>();

    /// What the machine has said already, and is held to.
    private final Map<StorePath, PathInfo> infos = new HashMap<>();

    /// Small outputs, which have come already.
    private final Map<StorePath, ByteString> nars = new HashMap<>();

    /// @param use   of the machine; closed with this
    /// @param lease released or dropped with this
    RetainedConversation(MachineLink.Use use, StorePool.Lease lease) {
        this.use = use;
        this.lease = lease;
    }

    MachineLink link() {
        return use.link();
    }

    String machine() {
        return link().machine().name();
    }

    /// For requests to the machine in this conversation.
    Store store() {
        return lease.store();
    }

    /// The machine has it, and the client may want it.
    void add(StorePath path) {
        unfetched.add(path);
    }

    /// The same for what was built there.
    void add(BuiltOutput output) {
        var path = output.info().path();
        add(path);
        infos.put(path, output.info().withoutUltimate());
        output.nar().ifPresent(nar -> nars.put(path, nar));
    }

    /// The client does not want it from here any more.
    ///
    /// @return whether it wants nothing else either
    boolean remove(StorePath path) {
        unfetched.remove(path);
        return isEmpty();
    }

    /// What the machine said of it does not count.
    void disbelieve(StorePath path) {
        unfetched.remove(path);
        infos.remove(path);
    }

    /// Whether the client wants nothing from here.
    boolean isEmpty() {
        return unfetched.isEmpty();
    }

    /// What the machine has already said of the path.
    Optional<PathInfo> noted(StorePath path) {
        return Optional.ofNullable(infos.get(path));
    }

    /// Has the machine say it, and holds it to that from now on.
    ///
    /// @param fixed what is known beforehand of the path's content
    /// @throws FalseAnswerException if it cannot be so
    Optional<PathInfo> askAbout(StorePath path, Optional<DerivationOutput.Fixed> fixed)
            throws IOException, InterruptedException {
        var said = store().queryPathInfo(path).map(PathInfo::withoutUltimate);
        return said.isEmpty() ? said : Optional.of(note(said.get(), fixed));
    }

    /// The same for many, in about one round trip.
    Map<StorePath, PathInfo> askAbout(Collection<StorePath> paths, RebuildCache recipes)
            throws IOException, InterruptedException {
        var infos = new HashMap<StorePath, PathInfo>();
        for (var said : store().queryPathInfos(paths).values()) {
            var info = note(said.withoutUltimate(), recipes.fixed(said.path()));
            infos.put(info.path(), info);
        }
        return infos;
    }

    private PathInfo note(PathInfo said, Optional<DerivationOutput.Fixed> fixed) throws FalseAnswerException {
        var info = said;
        if (fixed.isPresent()) info = OutputCheck.fixed(link().storeDir(), said, fixed.get());
        else OutputCheck.requirePossible(link().storeDir(), said);
        infos.put(info.path(), info);
        return info;
    }

    /// Its NAR if that has come already; only the first call gets it.
    Optional<ByteString> takeNar(StorePath path) {
        return Optional.ofNullable(nars.remove(path));
    }

    boolean isBrokenOff() {
        return lease.isBrokenOff();
    }

    void release() {
        lease.release();
        use.close();
    }

    void drop() {
        lease.drop();
        use.close();
    }
}
