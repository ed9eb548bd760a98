package dispatcher.machine.link;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.access.ClientIdentity;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pressure;
import dispatcher.machine.load.MachineSampler;
import dispatcher.machine.load.PressureListener;
import dispatcher.machine.probe.Probe;
import dispatcher.nix.StoreDir;
import dispatcher.store.Store;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.transfer.ClosureCopier;
import dispatcher.thread.TimeLimit;
import dispatcher.wire.Transport;
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
/// Once it is retired, as the machine is not wanted any more or reached otherwise now, it closes itself when the
/// last user is done.
public final class MachineLink implements AutoCloseable {
    /// One conversation may pin so small a part of what is free on the disk of the machine's store.
    private static final int SHARE_OF_FREE = 32;

    /// For the machine's word on what it is.
    private static final Duration PROBE = Duration.ofSeconds(20);

    private volatile Machine machine;
    private final Transport transport;
    private final StoreDir storeDir;
    private final ConversationOpener opener;
    private final StorePool conversations;
    private final MachineSampler sampler;
    private final HomeCheck home;
    private final ClosureCopier copier = new ClosureCopier();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private int users;

    @GuardedBy("lock")
    private boolean retired;

    @GuardedBy("lock")
    private boolean closed;

    /// How long Nix on a machine may take.
    ///
    /// @param handshake until it answers at all, once its command has been started
    /// @param reply     for each reply, see [dispatcher.store.conversation.ReplyDeadline]
    public record Limits(Duration handshake, Duration reply) {}

    /// Leads to a machine without a sampler.
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
        this.opener = new ConversationOpener(transport, storeDir, limits);
        this.sampler = sampler;
        this.home = new HomeCheck(this::machine, transport, storeDir, HomeCheck.thisHost(storeDir));
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
    public boolean leadsTo(Machine other) {
        return machine.name().equals(other.name())
                && machine.address().equals(other.address())
                && machine.protocol() == other.protocol()
                && machine.remoteProgram().equals(other.remoteProgram())
                && machine.compression() == other.compression()
                && machine.onDemand()
                        .map(OnDemand::provider)
                        .equals(other.onDemand().map(OnDemand::provider));
    }

    /// What is known of the machine now, to which it leads: what the settings say of it, and it itself.
    public void describe(Machine now) {
        machine = now;
    }

    // ---- whose it is

    /// Somebody needs it until this is closed.
    public final class Use implements AutoCloseable {
        private final AtomicBoolean over = new AtomicBoolean();

        private Use() {}

        public MachineLink link() {
            return MachineLink.this;
        }

        /// A second time does nothing.
        @Override
        public void close() {
            if (over.compareAndSet(false, true)) change(-1, false);
        }
    }

    /// Keeps it open until given back; empty if it is retired and out of use.
    public Optional<Use> use() {
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
    public void retire() {
        sampler.pause();
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

    public boolean isClosed() {
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
    public boolean substitutes(boolean asked) {
        return switch (machine.substitution()) {
            case AUTO -> asked;
            case YES -> true;
            case NO -> false;
        };
    }

    /// Whether all that is sent to machines shares a limited uplink.
    public boolean isRationed() {
        return transport.isRationed();
    }

    public StoreDir storeDir() {
        return storeDir;
    }

    /// Whether the machine gives a sign of life within `limit`.
    public boolean answers(Duration limit) throws InterruptedException {
        return transport.answers(limit);
    }

    /// Whether a conversation with the machine would have to start it first.
    public boolean isOff() {
        return transport.isOff();
    }

    /// Whether a conversation with it need not wait until it has started.
    public boolean isUp() {
        return transport.isUp();
    }

    /// Waits until the machine is up; starts it if it is off.
    ///
    /// @throws IOException if it cannot be started
    public void awaitUp() throws IOException, InterruptedException {
        transport.awaitUp();
    }

    /// Looks whether the machine works, by opening a conversation with it, and whether its store is where ours is.
    /// One that is off is not started for that: the next build shows whether it works.
    ///
    /// @throws IOException if it does not
    public void look() throws IOException, InterruptedException {
        opener.forget();
        conversations.dropIdle();
        transport.lookWhetherUp();
        if (isOff()) return;
        conversations.lease(_ -> machine).lease().release();
    }

    /// What may be done to ask a machine what it is, where there is no connection to it.
    public enum Asking {
        /// Nothing.
        CONNECTED,
        /// A connection is made, but not to a machine that is off.
        RUNNING,
        /// A machine that is off is started.
        STARTING
    }

    /// Asks the machine what it is.
    ///
    /// @return empty if there is no connection and none may be made
    /// @throws IOException if it cannot be reached or started, or gives no answer in time
    public Optional<MachineDescription> probe(Asking asking) throws IOException, InterruptedException {
        var channel = transport.openIfConnected(Probe.COMMAND);
        boolean connects = switch (asking) {
            case CONNECTED -> false;
            case RUNNING -> !isOff();
            case STARTING -> true;
        };
        if (channel.isEmpty() && connects) channel = Optional.of(transport.open(Probe.COMMAND));
        if (channel.isEmpty()) return Optional.empty();
        var open = channel.get();
        try (open;
                var _ = new TimeLimit(PROBE, open::close)) {
            return Optional.of(Probe.run(open, machine.remoteProgram()));
        }
    }

    /// The version of Nix that greeted us last; empty if none did, or it does not say.
    public Optional<String> greetedBy() {
        return opener.greetedBy();
    }

    public StorePool conversations() {
        return conversations;
    }

    public ClosureCopier copier() {
        return copier;
    }

    /// Bytes, as the settings say or the machine reported; empty if neither did.
    public OptionalLong memory() {
        var configured = machine.resources().get(Machine.MEMORY);
        return configured == null ? sampler.memory() : OptionalLong.of(configured);
    }

    /// Watches what memory builds take there, and how it is doing.
    public MachineSampler sampler() {
        return sampler;
    }

    /// Whether the client asks from that machine, as far as this can be found out; see [HomeCheck].
    public boolean isHomeOf(ClientIdentity client) throws InterruptedException {
        return home.isHomeOf(client);
    }

    private Store open() throws IOException, InterruptedException {
        return opener.open(machine, conversations);
    }

    /// At once, even while others use it.
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
