package dispatcher.session;

import dispatcher.access.ClientIdentity;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.spool.GrowingNar;
import dispatcher.store.spool.SpoolSession.Follower;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Sends the large inputs of one client on to the machine that will probably build, while the client uploads them.
/// What that machine then has, the build's copy finds there; if another machine builds, nothing but bytes was spent,
/// on a way that was free. See [EarlySend].
///
/// Not over an uplink that is limited: there each byte that turns out to be of no use delays another one.
///
/// Confined to the session's thread, which never waits for a machine here.
final class EarlySends implements Follower, AutoCloseable {
    /// Smaller ones cost the build little, and go best in one batch.
    static final long LEAST_BYTES = 4 << 20;

    private final SessionContext context;
    private final ClientIdentity client;
    private final long clientNumber;
    private final Supplier<SessionPaths> paths;

    /// Under way, or over and keeping a conversation.
    private final List<EarlySend> sends = new ArrayList<>();

    private Optional<String> machine = Optional.empty();

    EarlySends(SessionContext context, ClientIdentity client, long clientNumber, Supplier<SessionPaths> paths) {
        this.context = context;
        this.client = client;
        this.clientNumber = clientNumber;
        this.paths = paths;
    }

    /// Not for paths that the spool has already: it keeps those in any case.
    @Override
    public boolean wants(PathInfo info) {
        return info.narSize() >= LEAST_BYTES
                && !context.builds().isStopping()
                && sends.stream().noneMatch(EarlySend::hasFailed)
                && context.spool().queryPathInfo(info.path()).isEmpty();
    }

    @Override
    public void begins(GrowingNar nar) {
        machine = context.foresight().machineFor(client, machine);
        var use = machine.flatMap(context.machines()::use);
        // Nobody knows yet that the build comes, so no machine is started for it.
        if (use.isEmpty() || use.get().link().isRationed() || use.get().link().isOff()) {
            nar.close();
            use.ifPresent(MachineLink.Use::close);
            return;
        }
        var link = use.get().link();
        var send = new EarlySend(
                context,
                clientNumber,
                use.get(),
                nar,
                takeOver(link),
                link.substitutes(paths.get().substitutes()),
                paths.get()::spoolInfo);
        sends.add(send);
        send.start();
    }

    /// A conversation that an earlier one has left.
    private Optional<StorePool.Lease> takeOver(MachineLink link) {
        for (var earlier : sends) {
            if (!earlier.link().equals(link)) continue;
            var lease = earlier.takeOver();
            if (lease.isEmpty()) continue;
            earlier.letGo();
            sends.remove(earlier);
            return lease;
        }
        return Optional.empty();
    }

    /// The spool has all of a path.
    void uploaded(StorePath path) {
        for (var send : sends) if (send.isOf(path)) send.uploaded();
    }

    /// A build begins, which will need what the client has uploaded: the conversations are for that.
    void buildBegins() {
        sends.forEach(EarlySend::letGo);
        sends.removeIf(EarlySend::isOver);
        machine = Optional.empty();
    }

    @Override
    public void close() {
        sends.forEach(EarlySend::abandon);
        sends.clear();
    }
}
