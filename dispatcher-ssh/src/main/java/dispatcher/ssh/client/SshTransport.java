package dispatcher.ssh.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.MachineAddress;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.sshd.client.session.ClientSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The connections to one machine, and the choice among them.
///
/// A caller takes a place on a connection that has one. When there is none, a connection is made on a thread of
/// its own, and all callers wait for it together; when that fails, it fails for all who were waiting. No I/O
/// under the lock.
final class SshTransport implements Transport {
    private static final Logger log = LoggerFactory.getLogger(SshTransport.class);

    /// Attempts of one caller at a connection that breaks under it.
    private static final int MAX_ATTEMPTS = 3;

    private final SshTransports owner;
    private final MachineAddress address;
    private final SshClientOptions options;
    private final Semaphore handshakesWithHost;
    private final CompressionChoice compression;
    private volatile Runnable betterWay = () -> {};
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /// See [#peer].
    private volatile Optional<String> peer = Optional.empty();

    @GuardedBy("lock")
    private final List<Line> lines = new ArrayList<>();

    @GuardedBy("lock")
    private final Set<Thread> handshakes = new HashSet<>();

    /// Those of them that the host has taken the connection of.
    @GuardedBy("lock")
    private final Set<Thread> loggingIn = new HashSet<>();

    @GuardedBy("lock")
    private int waiting;

    /// How many handshakes have failed, and how the last one did.
    @GuardedBy("lock")
    private long failures;

    @GuardedBy("lock")
    private @Nullable UnreachableException lastFailure;

    @GuardedBy("lock")
    private boolean closed;

    /// A connection and its places. Its fields are guarded by the transport's lock.
    private static final class Line {
        final Connection connection;
        int places;
        int taken;

        /// A channel could be opened on it.
        volatile boolean proven;

        long idleSince = System.nanoTime();

        Line(Connection connection, int places) {
            this.connection = connection;
            this.places = places;
        }
    }

    SshTransport(SshTransports owner, MachineAddress address, SshClientOptions options, Semaphore handshakesWithHost) {
        this.owner = owner;
        this.address = address;
        this.options = options;
        this.handshakesWithHost = handshakesWithHost;
        this.compression = new CompressionChoice(
                address.toString(),
                options.compression,
                System::nanoTime,
                this::compressionChanged,
                this::awaitAnswer,
                task -> Thread.ofVirtual().name("ssh-link " + address).start(task));
    }

    @Override
    public void onBetterWay(Runnable action) {
        betterWay = action;
    }

    /// Called by writers and by the library's threads.
    private void compressionChanged() {
        Thread.ofVirtual().name("ssh-renew " + address).start(betterWay);
    }

    /// On the connection with the most channels, on one of which something is being sent.
    private void awaitAnswer() throws IOException, InterruptedException {
        Line busiest = null;
        lock.lock();
        try {
            for (Line line : lines)
                if (!line.connection.compresses() && (busiest == null || line.taken > busiest.taken)) busiest = line;
        } finally {
            lock.unlock();
        }
        if (busiest == null) throw new IOException("there is no connection to %s".formatted(address));
        busiest.connection.roundTrip();
    }

    @Override
    public Optional<String> peer() {
        return peer;
    }

    @Override
    public CommandChannel open(String command) throws IOException, InterruptedException {
        IOException last = null;
        for (int attempt = 0; attempt < MAX_ATTEMPTS; ) {
            Line line = takePlace();
            Place place = new Place(line);
            try {
                CommandChannel channel = line.connection.start(command, place::release);
                line.proven = true;
                return channel;
            } catch (Connection.ChannelRefused e) {
                place.release();
                if (!refused(line)) {
                    throw new UnreachableException(
                            Kind.NO_CHANNEL,
                            "%s let us in and opens no channel: %s".formatted(address, e.getMessage()),
                            "see MaxSessions in its sshd_config, and the log of its sshd",
                            e);
                }
            } catch (UnreachableException e) {
                place.release();
                throw e;
            } catch (IOException e) {
                // It broke after the last sign of life. A new one may well work.
                line.connection.giveUp("a channel could not be opened on it");
                last = e;
                attempt++;
            }
        }
        throw new UnreachableException(
                Kind.BROKEN,
                "connections to %s broke %d times in a row when a channel was opened".formatted(address, MAX_ATTEMPTS),
                "see the log of its sshd",
                last == null ? new IOException() : last);
    }

    @Override
    public Optional<CommandChannel> openIfConnected(String command) throws IOException, InterruptedException {
        Optional<Place> free = placeIfConnected();
        if (free.isEmpty()) return Optional.empty();
        Place place = free.get();
        try {
            return Optional.of(place.line.connection.start(command, place::release));
        } catch (IOException e) {
            place.release();
            if (!(e instanceof Connection.ChannelRefused) && !(e instanceof UnreachableException))
                place.line.connection.giveUp("a channel could not be opened on it");
            return Optional.empty();
        }
    }

    private Optional<Place> placeIfConnected() {
        lock.lock();
        try {
            if (closed) return Optional.empty();
            Optional<Place> place = freeLine().map(line -> new Place(line, line.taken == 0));
            place.ifPresent(taken -> taken.line.taken++);
            return place;
        } finally {
            lock.unlock();
        }
    }

    /// A connection that is there is asked. If none is there, one is made, and it counts that the host takes it: how
    /// long the login may last is another matter. A failure is a sign of life too, or [#open] will report it.
    @Override
    public boolean answers(Duration limit) throws InterruptedException {
        Optional<Line> open;
        lock.lockInterruptibly();
        try {
            open = lines.stream().filter(line -> line.connection.isOpen()).findFirst();
            if (open.isEmpty()) return takesConnection(limit);
        } finally {
            lock.unlock();
        }
        return open.get().connection.answers(limit);
    }

    @GuardedBy("lock")
    private boolean takesConnection(Duration limit) throws InterruptedException {
        long failuresBefore = failures;
        long left = limit.toNanos();
        waiting++;
        try {
            startHandshakes();
            while (lines.isEmpty() && loggingIn.isEmpty() && failures == failuresBefore && !closed) {
                if (left <= 0) return false;
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            waiting--;
        }
    }

    /// A caller's place on a connection, given back once.
    private final class Place {
        private final Line line;
        private final AtomicBoolean released = new AtomicBoolean();

        /// It was idle, and counts as if it had been so all the time.
        private final boolean unnoticed;

        Place(Line line) {
            this(line, false);
        }

        Place(Line line, boolean unnoticed) {
            this.line = line;
            this.unnoticed = unnoticed;
        }

        void release() {
            if (released.compareAndSet(false, true)) SshTransport.this.release(line, unnoticed);
        }
    }

    private Line takePlace() throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            long failuresBefore = failures;
            waiting++;
            try {
                while (true) {
                    if (closed) throw new IOException("the transport to %s is closed".formatted(address));
                    Optional<Line> free = freeLine();
                    if (free.isPresent()) {
                        free.get().taken++;
                        return free.get();
                    }
                    UnreachableException failure = lastFailure;
                    if (failures > failuresBefore && failure != null && handshakes.isEmpty())
                        throw new UnreachableException(
                                failure.kind(), String.valueOf(failure.getMessage()), failure.nextStep(), failure);
                    if (failures == failuresBefore) startHandshakes();
                    changed.await();
                }
            } finally {
                waiting--;
            }
        } finally {
            lock.unlock();
        }
    }

    /// The fullest line that has a place, so that the others can become idle.
    @GuardedBy("lock")
    private Optional<Line> freeLine() {
        Line best = null;
        boolean compress = compression.compress();
        for (Line line : lines) {
            if (line.taken >= line.places || isOld(line) || !line.connection.isOpen()) continue;
            if (line.connection.compresses() != compress) continue;
            if (best == null || line.taken > best.taken) best = line;
        }
        return Optional.ofNullable(best);
    }

    private boolean isOld(Line line) {
        return line.proven && line.connection.age() >= options.maxAge.toNanos();
    }

    /// How many connections the waiting callers need, and no more at once than the host is to bear.
    @GuardedBy("lock")
    private void startHandshakes() {
        int needed = Math.ceilDiv(waiting, options.maxSessions);
        while (handshakes.size() < Math.min(needed, options.maxHandshakes)) {
            Thread thread = Thread.ofVirtual().name("ssh-handshake " + address).unstarted(this::handshake);
            handshakes.add(thread);
            thread.start();
        }
    }

    private void handshake() {
        try {
            long start = System.nanoTime();
            Connection connection;
            handshakesWithHost.acquire();
            try {
                boolean compress = compression.compress();
                Thread self = Thread.currentThread();
                Route route = new Route(owner.client(), owner.dialIns(), options, compress, () -> logsIn(self));
                ClientSession session = route.to(address);
                connection = new Connection(address, options, session, compression);
                if (compress && !connection.compresses()) compression.unavailable();
            } finally {
                handshakesWithHost.release();
            }
            log.atDebug()
                    .addKeyValue("machine", address)
                    .addKeyValue("milliseconds", (System.nanoTime() - start) / 1_000_000)
                    .addKeyValue("compressed", connection.compresses())
                    .log("connected");
            succeeded(connection);
        } catch (UnreachableException e) {
            failed(e);
        } catch (InterruptedException e) {
            failed(new UnreachableException(
                    Kind.BROKEN, "connecting to %s was given up".formatted(address), "try again", e));
        } catch (RuntimeException | Error e) {
            // An Error too, or the thread that waits for this connection would wait without end.
            failed(new UnreachableException(
                    Kind.BROKEN,
                    "connecting to %s failed unexpectedly: %s".formatted(address, e),
                    "report this, it is a fault of the dispatcher",
                    e));
        }
    }

    /// Called by the library's threads.
    private void logsIn(Thread handshake) {
        lock.lock();
        try {
            if (handshakes.contains(handshake)) loggingIn.add(handshake);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void succeeded(Connection connection) {
        peer = connection.peer();
        Line line = new Line(connection, options.maxSessions);
        boolean unwanted;
        lock.lock();
        try {
            handshakes.remove(Thread.currentThread());
            loggingIn.remove(Thread.currentThread());
            unwanted = closed;
            if (!unwanted) lines.add(line);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (unwanted) {
            connection.close(true);
            return;
        }
        connection.onClose(() -> remove(line));
        connection.watch(() -> retires(line));
    }

    private void failed(UnreachableException failure) {
        log.atDebug().addKeyValue("machine", address).log("not connected: {}", failure.getMessage());
        lock.lock();
        try {
            handshakes.remove(Thread.currentThread());
            loggingIn.remove(Thread.currentThread());
            failures++;
            lastFailure = failure;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void remove(Line line) {
        lock.lock();
        try {
            lines.remove(line);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void release(Line line, boolean unnoticed) {
        lock.lock();
        try {
            line.taken--;
            if (!unnoticed) line.idleSince = System.nanoTime();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Notes that the host takes no more channels on a connection than there are. False if that is none and never
    /// was one, so that there is no hope.
    private boolean refused(Line line) {
        boolean useless;
        lock.lock();
        try {
            line.places = Math.min(line.places, line.taken);
            useless = line.places == 0;
            log.atDebug()
                    .addKeyValue("machine", address)
                    .addKeyValue("places", line.places)
                    .log("the host takes no more channels on a connection");
            changed.signalAll();
            if (!useless) return true;
            lines.remove(line);
        } finally {
            lock.unlock();
        }
        line.connection.close(false);
        return line.proven;
    }

    /// Whether to close it now; it then has no places any more.
    private boolean retires(Line line) {
        lock.lock();
        try {
            if (line.taken > 0) return false;
            boolean idle = System.nanoTime() - line.idleSince >= options.maxIdle.toNanos();
            boolean outdated = line.connection.compresses() != compression.compress();
            if (!idle && !outdated && !isOld(line)) return false;
            line.places = 0;
            lines.remove(line);
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        List<Line> open;
        lock.lock();
        try {
            if (closed) return;
            closed = true;
            open = List.copyOf(lines);
            handshakes.forEach(Thread::interrupt);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        open.forEach(line -> line.connection.giveUp("it is no longer wanted"));
        owner.forget(this);
    }
}
