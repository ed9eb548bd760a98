package dispatcher.wire.rate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// A bound on what is sent to all machines together, in bytes per second, shared fairly among the machines that are
/// being sent to at the moment: each gets the same, for any number of channels, and what one does not use the
/// others get.
///
/// Counts the bytes that programs on machines read, before any compression and without what SSH adds. A writer waits
/// for its turn before the bytes go on, so no limit on the writing itself sees that time. Waiting ends with an
/// [IOException] if the channel is closed, and with an [InterruptedIOException] on interruption.
///
/// Safe for any thread; has none of its own: of those that wait, the next one keeps the time.
public final class Uplink {
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final FairBucket bucket;

    /// Where those that wait do so.
    @GuardedBy("lock")
    private final Map<FairBucket.Request, Condition> waiting = new HashMap<>();

    private final int step;

    /// @param bytesPerSecond above 0
    public Uplink(long bytesPerSecond, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.bucket = new FairBucket(bytesPerSecond, nanoTime.getAsLong());
        this.step = bucket.step();
    }

    /// The way to a machine, with all that is sent on it counted as that machine's.
    public Transport limit(Transport machine) {
        return new LimitedTransport(machine);
    }

    /// How many writers wait.
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    private final class LimitedTransport implements Transport {
        private final Transport transport;
        private final FairBucket.Party party = new FairBucket.Party();

        LimitedTransport(Transport transport) {
            this.transport = transport;
        }

        @Override
        public CommandChannel open(String command) throws IOException, InterruptedException {
            return new LimitedChannel(transport.open(command), party);
        }

        @Override
        public Optional<CommandChannel> openIfConnected(String command) throws IOException, InterruptedException {
            return transport.openIfConnected(command).map(channel -> new LimitedChannel(channel, party));
        }

        @Override
        public boolean isRationed() {
            return true;
        }

        @Override
        public boolean answers(Duration limit) throws InterruptedException {
            return transport.answers(limit);
        }

        @Override
        public boolean isOff() {
            return transport.isOff();
        }

        @Override
        public boolean isUp() {
            return transport.isUp();
        }

        @Override
        public void lookWhetherUp() throws InterruptedException {
            transport.lookWhetherUp();
        }

        @Override
        public void awaitUp() throws IOException, InterruptedException {
            transport.awaitUp();
        }

        @Override
        public void onBetterWay(Runnable action) {
            transport.onBetterWay(action);
        }

        @Override
        public Optional<String> peer() {
            return transport.peer();
        }

        @Override
        public void close() {
            transport.close();
        }
    }

    private final class LimitedChannel implements CommandChannel {
        private final CommandChannel channel;
        private final LimitedOutput out;

        LimitedChannel(CommandChannel channel, FairBucket.Party party) {
            this.channel = channel;
            this.out = new LimitedOutput(channel.out(), party);
        }

        @Override
        public InputStream in() {
            return channel.in();
        }

        @Override
        public OutputStream out() {
            return out;
        }

        @Override
        public InputStream err() {
            return channel.err();
        }

        @Override
        public void awaitErrors() throws IOException {
            channel.awaitErrors();
        }

        @Override
        public OptionalInt exitStatus(Duration limit) throws InterruptedException {
            return channel.exitStatus(limit);
        }

        @Override
        public void close() {
            out.abort();
            channel.close();
        }
    }

    private final class LimitedOutput extends OutputStream {
        private final OutputStream out;
        private final FairBucket.Party party;

        @GuardedBy("lock")
        private boolean closed;

        LimitedOutput(OutputStream out, FairBucket.Party party) {
            this.out = out;
            this.party = party;
        }

        @Override
        public void write(int b) throws IOException {
            take(1);
            out.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            for (int done = 0; done < length; ) {
                int count = Math.min(step, length - done);
                take(count);
                out.write(bytes, offset + done, count);
                done += count;
            }
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }

        @Override
        public void close() throws IOException {
            out.close();
        }

        /// Waits until `bytes` may be sent.
        private void take(int bytes) throws IOException {
            lock.lock();
            try {
                var request = bucket.ask(party, bytes);
                try {
                    grant();
                    while (!request.isGranted() && !closed) {
                        var turn = waiting.computeIfAbsent(request, _ -> lock.newCondition());
                        if (bucket.next() == request) {
                            long _ = turn.awaitNanos(bucket.due());
                            grant();
                        } else turn.await();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted while waiting for the uplink");
                } finally {
                    waiting.remove(request);
                    if (!request.isGranted()) bucket.cancel(request);
                    wakeNext();
                }
                if (!request.isGranted()) throw new IOException("the channel is closed");
            } finally {
                lock.unlock();
            }
        }

        void abort() {
            lock.lock();
            try {
                closed = true;
                waiting.values().forEach(Condition::signal);
            } finally {
                lock.unlock();
            }
        }
    }

    @GuardedBy("lock")
    private void grant() {
        for (var granted : bucket.grant(nanoTime.getAsLong())) {
            var turn = waiting.get(granted);
            if (turn != null) turn.signal();
        }
    }

    /// Somebody has to keep the time.
    @GuardedBy("lock")
    private void wakeNext() {
        var next = bucket.next();
        var turn = next == null ? null : waiting.get(next);
        if (turn != null) turn.signal();
    }
}
