package dispatcher.ssh;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.throttle.ChannelStreamWriter;
import org.apache.sshd.common.io.IoWriteFuture;
import org.apache.sshd.common.util.buffer.Buffer;

/// Limits the bytes that a channel has on their way into the socket, and makes writers wait beyond that.
/// Without it a slow network would leave as much in memory as the peer's window takes, megabytes for each
/// channel.
///
/// All channels on which packets wait share one limit, whatever their number: what the garbage collector's
/// survivor spaces hold is freed at little cost, and what is beyond fills the heap up to its limit first. A new one
/// gets its share as packets of the others leave; one packet each may always have.
///
/// Any thread; called by those that write to the channel, which it may block, and by the library's when a packet
/// has been written.
public final class BoundedWriter implements ChannelStreamWriter {
    private static final int LIMIT_BYTES = 512 * 1024;
    private static final int LIMIT_BYTES_OF_ALL = 4 * 1024 * 1024;

    /// The channels of this process, whose heap it is, that have packets under way.
    private static final AtomicInteger BUSY = new AtomicInteger();

    private final Channel channel;
    private final WriteWatch watch;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private long underWay;

    @GuardedBy("lock")
    private boolean closed;

    /// @param watch is informed about the writing
    public BoundedWriter(Channel channel, WriteWatch watch) {
        this.channel = channel;
        this.watch = watch;
    }

    @Override
    public IoWriteFuture writeData(Buffer buffer) throws IOException {
        int bytes = buffer.available();
        lock.lock();
        try {
            while (!closed && underWay > 0 && underWay + bytes > share()) changed.await();
            if (closed) throw new IOException("the channel is closed");
            if (underWay == 0) BUSY.incrementAndGet();
            underWay += bytes;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing");
        } finally {
            lock.unlock();
        }
        boolean sent = false;
        try {
            IoWriteFuture future = write(buffer, bytes);
            future.addListener(_ -> {
                watch.left(bytes);
                left(bytes);
            });
            sent = true;
            return future;
        } finally {
            if (!sent) left(bytes);
        }
    }

    /// What a channel may have under way now, in bytes.
    private static int share() {
        return Math.min(LIMIT_BYTES, LIMIT_BYTES_OF_ALL / Math.max(1, BUSY.get()));
    }

    private IoWriteFuture write(Buffer buffer, int bytes) throws IOException {
        watch.prepares();
        long start = System.nanoTime();
        try {
            return channel.writePacket(buffer);
        } finally {
            watch.prepared(bytes, System.nanoTime() - start);
        }
    }

    private void left(int bytes) {
        lock.lock();
        try {
            underWay -= bytes;
            if (underWay == 0 && !closed) BUSY.decrementAndGet();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isOpen() {
        lock.lock();
        try {
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /// Writers that wait fail.
    @Override
    public void close() {
        lock.lock();
        try {
            if (underWay > 0 && !closed) BUSY.decrementAndGet();
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
