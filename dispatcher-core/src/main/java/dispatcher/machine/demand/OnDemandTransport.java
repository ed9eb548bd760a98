package dispatcher.machine.demand;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.MachineAddress;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The way to a machine on demand. To open a command there starts the machine if need be, and waits until it is
/// ready; each channel is a use of the machine until it is closed. Nothing else starts it or keeps it on.
///
/// Connections end when the machine stops. Safe for any number of threads.
final class OnDemandTransport implements Transport {
    private final MachineLifecycle lifecycle;
    private final Function<MachineAddress, Transport> connect;
    private final MachineLifecycle.Listener listener = new Leaving();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private @Nullable Way way;

    @GuardedBy("lock")
    private Runnable onBetterWay = () -> {};

    @GuardedBy("lock")
    private boolean closed;

    /// What leads to the machine after one of its starts.
    private record Way(long start, Transport transport) {}

    /// @param connect makes the way to where the machine is reached; contacts nobody
    OnDemandTransport(MachineLifecycle lifecycle, Function<MachineAddress, Transport> connect) {
        this.lifecycle = lifecycle;
        this.connect = connect;
        lifecycle.listen(listener);
    }

    private final class Leaving implements MachineLifecycle.Listener {
        /// Conversations that are kept for the next who needs one end when there is a better way.
        @Override
        public void leave() {
            betterWay().run();
        }

        @Override
        public void stops() {
            endWay();
        }
    }

    @Override
    public CommandChannel open(String command) throws IOException, InterruptedException {
        var use = lifecycle.begin();
        try {
            return open(command, use);
        } catch (UnreachableException e) {
            if (!isSignOfAbsence(e.kind()) || !lifecycle.isGone(use)) throw e;
        }
        return open(command, lifecycle.begin());
    }

    /// Ends the use if that fails.
    private CommandChannel open(String command, MachineLifecycle.Use use) throws IOException, InterruptedException {
        boolean opened = false;
        try {
            var channel = new UsingChannel(way(use).open(command), use);
            opened = true;
            return channel;
        } finally {
            if (!opened) use.close();
        }
    }

    private static boolean isSignOfAbsence(UnreachableException.Kind kind) {
        return switch (kind) {
            case UNKNOWN_HOST, NO_ROUTE, REFUSED, TIMED_OUT, AWAY, BROKEN -> true;
            case HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, KEY_REJECTED, KEY_UNUSABLE, NOT_SSH, NO_CHANNEL -> false;
        };
    }

    private Transport way(MachineLifecycle.Use use) throws IOException {
        @Nullable Way old;
        Transport now;
        lock.lock();
        try {
            if (closed) throw new IOException("the way to %s is closed".formatted(lifecycle.machine()));
            old = way;
            if (old != null && old.start == use.start()) return old.transport;
            now = connect.apply(use.address());
            now.onBetterWay(onBetterWay);
            way = new Way(use.start(), now);
        } finally {
            lock.unlock();
        }
        if (old != null) old.transport.close();
        return now;
    }

    private Runnable betterWay() {
        lock.lock();
        try {
            return onBetterWay;
        } finally {
            lock.unlock();
        }
    }

    private Optional<Transport> current() {
        if (!lifecycle.isReady()) return Optional.empty();
        lock.lock();
        try {
            return Optional.ofNullable(way).map(Way::transport);
        } finally {
            lock.unlock();
        }
    }

    /// That is no use of the machine: what is asked by the way keeps it from nothing.
    @Override
    public Optional<CommandChannel> openIfConnected(String command) throws IOException, InterruptedException {
        var transport = current();
        return transport.isEmpty() ? Optional.empty() : transport.get().openIfConnected(command);
    }

    /// One that is off is worth waiting for.
    @Override
    public boolean answers(Duration limit) throws InterruptedException {
        var transport = current();
        return transport.isEmpty() || transport.get().answers(limit);
    }

    @Override
    public boolean isOff() {
        return lifecycle.isOff();
    }

    @Override
    public boolean isUp() {
        return lifecycle.isReady();
    }

    @Override
    public void lookWhetherUp() throws InterruptedException {
        lifecycle.lookWhetherOn();
    }

    @Override
    public void awaitUp() throws IOException, InterruptedException {
        lifecycle.begin().close();
    }

    @Override
    public void onBetterWay(Runnable action) {
        lock.lock();
        try {
            onBetterWay = action;
            if (way != null) way.transport.onBetterWay(action);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<String> peer() {
        return current().flatMap(Transport::peer);
    }

    private void endWay() {
        @Nullable Way old;
        lock.lock();
        try {
            old = way;
            way = null;
        } finally {
            lock.unlock();
        }
        if (old != null) old.transport.close();
    }

    /// The machine stays as it is.
    @Override
    public void close() {
        lifecycle.forget(listener);
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        endWay();
    }
}
