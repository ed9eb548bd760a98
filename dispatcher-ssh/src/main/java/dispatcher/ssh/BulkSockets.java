package dispatcher.ssh;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.InterruptedByTimeoutException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.apache.sshd.common.FactoryManager;
import org.apache.sshd.common.PropertyResolver;
import org.apache.sshd.common.io.IoHandler;
import org.apache.sshd.common.io.IoServiceFactory;
import org.apache.sshd.common.io.nio2.Nio2CompletionHandler;
import org.apache.sshd.common.io.nio2.Nio2Service;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactory;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.io.nio2.Nio2Session;
import org.apache.sshd.common.util.Readable;
import org.apache.sshd.common.util.threads.CloseableExecutorService;
import org.apache.sshd.core.CoreModuleProperties;
import org.jspecify.annotations.Nullable;

/// The library's sockets, with fewer changes of threads where much is sent.
///
/// A packet that the kernel takes at once costs none: its writer goes on. The library (Apache MINA SSHD 2.20.0) ends
/// each packet on a thread of the sockets' pool, which wakes the writer. No thread of the pool waits for the peer here:
/// a virtual thread waits for what the kernel does not take.
///
/// While much is sent on several connections, what comes back on them is read once in a while and not at once:
/// OpenSSH makes room in a channel's window for three packets at a time, thousands of times a second, and each time
/// wakes up to four threads that send these three. A window has room for more than is sent meanwhile. Where only one
/// connection sends there is time for that, and to be prompt is faster. Where windows are what limits a link, the
/// pause makes each of its round trips longer; below the rate at which that pays there is none.
///
/// Measured with uploads to real sshds on a machine of two cores that had other work to do, in turns with the library's
/// own sockets: on one connection 113 MB/s instead of 101 and 5.0 s of CPU time for each GB instead of 6.1, sshd's
/// included; on four 161 MB/s instead of 142 and 5.9 s instead of 6.2 (medians of eleven, 2026-11). Without the pause,
/// the four have 150 MB/s and 5.5 s: on a machine that is busy anyway it saves no CPU time.
public final class BulkSockets extends Nio2ServiceFactoryFactory {
    /// A packet's end begins the next one that waits, on the same stack.
    private static final int MOST_IN_A_ROW = 16;

    private static final long PAUSE_NANOS = 1_000_000;

    /// How long a connection counts as one that sends much after it has done so.
    private static final long RECENT_NANOS = 500_000_000;

    /// What makes a connection one that sends much: no more than this was read, some tens of window adjustments, ...
    private static final int LITTLE_BYTES = 1024;

    /// ... at least this was written since the read before, ...
    private static final int MUCH_BYTES = 64 * 1024;

    /// ... and that in no more time than this, which is at 31 MB a second or faster.
    private static final int MOST_NANOS_PER_BYTE = 32;

    /// No connection's number.
    private static final long NOBODY = -1;

    private final LongSupplier nanoTime;
    private final Runnable pause;
    private final ReentrantLock lock = new ReentrantLock();

    /// The connection that has sent much last, and the one that has before it.
    @GuardedBy("lock")
    private Sender latest = new Sender(NOBODY, 0);

    @GuardedBy("lock")
    private Sender earlier = latest;

    /// @param since when it has sent much last
    private record Sender(long id, long since) {}

    public BulkSockets() {
        this(System::nanoTime, () -> LockSupport.parkNanos(PAUSE_NANOS));
    }

    /// @param nanoTime a clock as [System#nanoTime]
    /// @param pause    waits for the pause before a read; called by virtual threads
    public BulkSockets(LongSupplier nanoTime, Runnable pause) {
        this.nanoTime = nanoTime;
        this.pause = pause;
    }

    /// Whether a connection sends much.
    ///
    /// @param readBytes    bytes of its last read
    /// @param writtenBytes bytes that it wrote between that read and the one before
    /// @param nanos        the time between the two
    static boolean sendsMuch(int readBytes, long writtenBytes, long nanos) {
        return readBytes <= LITTLE_BYTES && writtenBytes >= MUCH_BYTES && nanos <= writtenBytes * MOST_NANOS_PER_BYTE;
    }

    /// Notes that a connection sends much. Whether another has done so lately.
    private boolean alsoAnother(long id, long now) {
        lock.lock();
        try {
            if (latest.id != id) earlier = latest;
            latest = new Sender(id, now);
            return earlier.id != NOBODY && now - earlier.since < RECENT_NANOS;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public IoServiceFactory create(FactoryManager manager) {
        return new Factory(manager, newExecutor(), newExecutor());
    }

    private final class Factory extends Nio2ServiceFactory {
        Factory(FactoryManager manager, CloseableExecutorService executor, CloseableExecutorService resuming) {
            super(manager, executor, resuming);
        }

        @Override
        public Nio2Session createSession(
                Nio2Service service, IoHandler handler, AsynchronousSocketChannel socket, SocketAddress address)
                throws IOException {
            return new Socket(service, getFactoryManager(), handler, socket, address);
        }
    }

    private final class Socket extends Nio2Session {
        /// How long a write may be without progress, as the library has it.
        private final Duration limit;

        /// For the thread that writes; the library lets one write at a time.
        private int inARow;

        /// Bytes that the kernel took.
        private final AtomicLong written = new AtomicLong();

        // For the thread that reads; the library begins a read when the one before has ended.
        private int readBytes;
        private long writtenBefore;
        private long readSince;

        Socket(
                Nio2Service service,
                PropertyResolver properties,
                IoHandler handler,
                AsynchronousSocketChannel socket,
                SocketAddress address)
                throws IOException {
            super(service, properties, handler, socket, address);
            limit = CoreModuleProperties.NIO2_MIN_WRITE_TIMEOUT.getRequired(properties);
        }

        @Override
        protected void handleReadCycleCompletion(
                ByteBuffer buffer,
                Readable readable,
                Nio2CompletionHandler<Integer, Object> completion,
                Integer result,
                @Nullable Object attachment) {
            readBytes = result;
            super.handleReadCycleCompletion(buffer, readable, completion, result, attachment);
        }

        @Override
        protected void doReadCycle(ByteBuffer buffer, Nio2CompletionHandler<Integer, Object> completion) {
            long now = nanoTime.getAsLong();
            long writtenNow = written.get();
            boolean paused =
                    sendsMuch(readBytes, writtenNow - writtenBefore, now - readSince) && alsoAnother(getId(), now);
            writtenBefore = writtenNow;
            readSince = now;
            if (paused) Thread.ofVirtual().name("ssh-read").start(() -> readLater(buffer, completion));
            else super.doReadCycle(buffer, completion);
        }

        private void readLater(ByteBuffer buffer, Nio2CompletionHandler<Integer, Object> completion) {
            pause.run();
            try {
                super.doReadCycle(buffer, completion);
            } catch (RuntimeException | Error e) { // mostly as the sockets have been shut down meanwhile
                completion.failed(e, null);
            }
        }

        @Override
        protected void doWriteCycle(ByteBuffer buffer, Nio2CompletionHandler<Integer, Object> completion) {
            Future<Integer> write = getSocket().write(buffer);
            if (write.isDone() && ++inARow < MOST_IN_A_ROW) {
                await(write, completion);
                return;
            }
            inARow = 0;
            Thread.ofVirtual().name("ssh-write").start(() -> await(write, completion));
        }

        private void await(Future<Integer> write, Nio2CompletionHandler<Integer, Object> completion) {
            Integer bytes;
            try {
                bytes = write.get(limit.toNanos(), NANOSECONDS);
            } catch (ExecutionException e) {
                completion.failed(e.getCause(), null);
                return;
            } catch (TimeoutException | InterruptedException e) {
                completion.failed(new InterruptedByTimeoutException(), null);
                return;
            }
            written.addAndGet(bytes);
            try {
                completion.completed(bytes, null);
            } catch (Error e) { // what waits behind it would wait without end
                completion.failed(e, null);
            }
        }
    }
}
