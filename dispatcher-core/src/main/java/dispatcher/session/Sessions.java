package dispatcher.session;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientIdentity;
import dispatcher.build.request.Prospect;
import dispatcher.graph.Closure;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.session.rights.Sight;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.spool.SpoolSession.Follower;
import dispatcher.thread.SteadyThread;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// The sessions of all clients, and what is done for all of them now and then. Safe for any thread.
public final class Sessions implements AutoCloseable {
    private static final Duration PRUNE_INTERVAL = Duration.ofSeconds(10);
    private static final Duration DRAIN_LOOK = Duration.ofMillis(50);

    /// Stands for a question from this host that wants nothing built.
    private static final ClientIdentity NOBODY = ClientIdentity.ofUser("nobody", ClientGrant.DEFAULT);

    private final SessionContext context;
    private final Set<ClientSession> open = ConcurrentHashMap.newKeySet();
    private final Queue<Runnable> chores = new ConcurrentLinkedQueue<>();
    private final AtomicLong clients = new AtomicLong();
    private final Thread janitor = SteadyThread.unstarted("janitor", this::doesChores);

    /// @param context its machines and its host's store are closed with this
    public Sessions(SessionContext context) {
        this.context = context;
        janitor.start();
    }

    /// Begins the session of a client, confined to the client's thread.
    ///
    /// @param mostLogBytes of each of its builds
    /// @param trustedKeys  whose signatures make a path visible to all clients
    ClientSession open(ClientIdentity client, long clientNumber, long mostLogBytes, List<NixPublicKey> trustedKeys) {
        var sight = new Sight(
                client, trustedKeys, context.storeDir(), context.learned().grants());
        var session = new ClientSession(context, client, clientNumber, mostLogBytes, sight, open::remove);
        open.add(session);
        return session;
    }

    /// Refuses builds from now on, those too that wait for a machine, and waits until those that run have ended and
    /// their clients have what came out.
    ///
    /// @param limit for the waiting
    /// @return whether nothing goes on any more
    public boolean drain(Duration limit) throws InterruptedException {
        context.builds().stop();
        long begun = System.nanoTime();
        while (open.stream().anyMatch(ClientSession::isBusy)) {
            if (System.nanoTime() - begun >= limit.toNanos()) return false;
            Thread.sleep(DRAIN_LOOK);
        }
        return true;
    }

    /// What the scheduler would get to know of a build whose client has sent the closure of these inputs, as clients
    /// do. Spool and host are asked what the inputs refer to; no machine is.
    ///
    /// @param derivation its inputs may be the roots of their closure
    /// @throws dispatcher.nix.NixSyntaxException if attributes of the derivation cannot be read
    public Prospect prospect(StorePath drvPath, BasicDerivation derivation) throws IOException, InterruptedException {
        var sight = new Sight(
                NOBODY, List.of(), context.storeDir(), context.learned().grants());
        try (var paths = new SessionPaths(context, NOBODY, sight, Follower.NONE)) {
            var closure = Closure.of(new TreeSet<>(derivation.inputSources()), roots -> {
                var infos = paths.knownInfos(roots);
                context.known().sizes().add(infos.values());
                return infos;
            });
            return context.builds().prospect(drvPath, derivation.withInputs(closure.paths()));
        }
    }

    SessionContext context() {
        return context;
    }

    /// The number of the next client.
    long nextClient() {
        return clients.incrementAndGet();
    }

    /// Has something done every few seconds until this is closed.
    void nowAndThen(Runnable chore) {
        chores.add(chore);
    }

    void doChores() {
        chores.forEach(Runnable::run);
    }

    private boolean doesChores() throws InterruptedException {
        Thread.sleep(PRUNE_INTERVAL);
        doChores();
        context.machines().prune();
        context.hostStore().ifPresent(StorePool::prune);
        return true;
    }

    @Override
    public void close() {
        janitor.interrupt();
        context.machines().close();
        context.hostStore().ifPresent(StorePool::close);
    }
}
