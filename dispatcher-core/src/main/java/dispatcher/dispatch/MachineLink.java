package dispatcher.dispatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.fleet.Machine;
import dispatcher.fleet.Pressure;
import dispatcher.nix.StoreDir;
import dispatcher.pressure.MachineSampler;
import dispatcher.pressure.PressureListener;
import dispatcher.protocol.StoreDirCheck;
import dispatcher.protocol.serve.ServeClient;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.store.ClosureCopier;
import dispatcher.store.Store;
import dispatcher.store.StorePool;
import dispatcher.store.TimedStore;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// All that leads to one machine: the transport, the conversations that are open, and the copying that is going on.
/// Safe for any thread.
///
/// Once it is retired, as the machine is not wanted any more or reached otherwise now, it closes itself when the last
/// who uses it is done.
public final class MachineLink implements AutoCloseable {
    /// One conversation may pin so small a part of what is free on the disk of the machine's store.
    private static final int SHARE_OF_FREE = 32;

    private volatile Machine machine;
    private final Transport transport;
    private final StoreDir storeDir;
    private final Limits limits;
    private final StorePool conversations;
    private final MachineSampler sampler;
    private final ClosureCopier copier = new ClosureCopier();
    private final ReentrantLock lock = new ReentrantLock();

    /// Whether the machine's store has been seen to have our directory; what was seen twice is as good.
    private volatile boolean isStoreKnown;

    @GuardedBy("lock")
    private int users;

    @GuardedBy("lock")
    private boolean retired;

    @GuardedBy("lock")
    private boolean closed;

    /// How long Nix on a machine may take.
    ///
    /// @param handshake until it answers at all, once its command has been started
    /// @param reply     for each reply, see [TimedStore]
    public record Limits(Duration handshake, Duration reply) {}

    /// Of a machine that tells nobody how it is doing.
    public MachineLink(Machine machine, Transport transport, StoreDir storeDir, Limits limits, LongSupplier nanoTime) {
        this(
                machine,
                transport,
                storeDir,
                limits,
                nanoTime,
                new MachineSampler(machine.name(), transport, storeDir, PressureListener.NONE, InstantSource.system()));
    }

    /// @param transport closed with this
    /// @param sampler   of the same transport; closed with this
    public MachineLink(
            Machine machine,
            Transport transport,
            StoreDir storeDir,
            Limits limits,
            LongSupplier nanoTime,
            MachineSampler sampler) {
        this.machine = machine;
        this.transport = transport;
        this.storeDir = storeDir;
        this.limits = limits;
        this.sampler = sampler;
        this.conversations = new StorePool(this::open, nanoTime);
        transport.onBetterWay(conversations::renew);
        sampler.onSample(this::leaveRoom);
    }

    /// What conversations keep from being collected as garbage must be little of what is free, and nothing once the
    /// machine lacks room.
    private void leaveRoom(Pressure now) {
        conversations.keepUpTo(now.isStoreShort() ? 0 : now.store().free() / SHARE_OF_FREE);
    }

    public Machine machine() {
        return machine;
    }

    /// Whether a machine of the settings is reached by it.
    boolean leadsTo(Machine other) {
        return machine.name().equals(other.name())
                && machine.address().equals(other.address())
                && machine.protocol() == other.protocol()
                && machine.remoteProgram().equals(other.remoteProgram())
                && machine.compression() == other.compression();
    }

    /// What the settings say of the machine now, to which it leads.
    void describe(Machine now) {
        machine = now;
    }

    // ---- whose it is

    /// Somebody needs it until this is closed.
    final class Use implements AutoCloseable {
        private final AtomicBoolean over = new AtomicBoolean();

        private Use() {}

        MachineLink link() {
            return MachineLink.this;
        }

        /// A second time does nothing.
        @Override
        public void close() {
            if (over.compareAndSet(false, true)) change(-1, false);
        }
    }

    /// Keeps it open until given back; empty if it is retired, and nobody uses it.
    Optional<Use> use() {
        lock.lock();
        try {
            if (closed) return Optional.empty();
            users++;
            return Optional.of(new Use());
        } finally {
            lock.unlock();
        }
    }

    /// Nobody new should come to use it. What is open without use ends now, the rest with its use.
    void retire() {
        sampler.hush();
        conversations.close();
        change(0, true);
    }

    private void change(int moreUsers, boolean retire) {
        lock.lock();
        try {
            users += moreUsers;
            retired |= retire;
            if (closed || !retired || users > 0) return;
            closed = true;
        } finally {
            lock.unlock();
        }
        end();
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    // ---- what it leads to

    /// Whether the machine is to fetch from its own substituters what it can.
    ///
    /// @param asked whether the client wants it so
    boolean substitutes(boolean asked) {
        return switch (machine.substitution()) {
            case AUTO -> asked;
            case YES -> true;
            case NO -> false;
        };
    }

    StoreDir storeDir() {
        return storeDir;
    }

    /// Whether the machine gives a sign of life within so long.
    boolean answers(Duration limit) throws InterruptedException {
        return transport.answers(limit);
    }

    /// Looks whether the machine works, by opening a conversation with it, and whether its store is where ours is.
    ///
    /// @throws IOException if it does not
    void look() throws IOException, InterruptedException {
        isStoreKnown = false;
        conversations.dropIdle();
        conversations.lease(_ -> machine).lease().release();
    }

    StorePool conversations() {
        return conversations;
    }

    ClosureCopier copier() {
        return copier;
    }

    /// Bytes, as the settings say or it told itself; empty if neither did.
    OptionalLong memory() {
        var configured = machine.resources().get(Machine.MEMORY);
        return configured == null ? sampler.memory() : OptionalLong.of(configured);
    }

    /// Watches what memory builds take there, and how it is doing.
    MachineSampler sampler() {
        return sampler;
    }

    private Store open() throws IOException, InterruptedException {
        var channel = transport.open(machine.command());
        try {
            var store = new TimedStore(greet(channel), machine.name(), limits.reply());
            if (!isStoreKnown) StoreDirCheck.require(store, storeDir, machine.name());
            isStoreKnown = true;
            return store;
        } catch (IOException | InterruptedException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /// Cuts the channel if the machine stays silent, which makes the handshake fail. Before that, conversations
    /// that are kept are ended, as Nix on the machine may be waiting for them: to make the first tables of a
    /// new store for content-addressed derivations it wants the store for itself.
    private Store greet(CommandChannel channel) throws IOException, InterruptedException {
        var answered = new AtomicBoolean();
        var cut = new AtomicBoolean();
        var watchdog = Thread.ofVirtual()
                .name("handshake with " + machine.name())
                .start(() -> {
                    try {
                        var patience = limits.handshake().dividedBy(8);
                        Thread.sleep(patience);
                        conversations.dropIdle();
                        Thread.sleep(limits.handshake().minus(patience));
                    } catch (InterruptedException e) {
                        return;
                    }
                    if (answered.get()) return;
                    cut.set(true);
                    channel.close();
                });
        try {
            return switch (machine.protocol()) {
                case SSH_NG -> new WorkerClient(channel, storeDir, machine.name());
                case SSH -> new ServeClient(channel, storeDir, machine.name());
            };
        } catch (IOException e) {
            if (!cut.get()) throw e;
            throw new UnreachableException(
                    UnreachableException.Kind.TIMED_OUT,
                    "'%s' on %s gave no answer within %d s"
                            .formatted(
                                    machine.command(),
                                    machine.address(),
                                    limits.handshake().toSeconds()),
                    "log in there and see whether its Nix daemon answers",
                    e);
        } finally {
            answered.set(true);
            watchdog.interrupt();
        }
    }

    /// At once, whoever uses it.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        end();
    }

    private void end() {
        sampler.close();
        conversations.close();
        transport.close();
    }
}
