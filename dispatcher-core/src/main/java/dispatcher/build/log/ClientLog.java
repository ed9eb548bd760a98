package dispatcher.build.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.build.log.LogParts.Part;
import dispatcher.store.BuildLog;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The log of a build on its way to one client. A build leaves here what it has to say and goes on; the client's own
/// thread writes it. What a client does not read in time is left out, see [LogParts].
///
/// Adding is safe for any thread; the `write` methods and [#close] are for the client's thread.
public final class ClientLog implements AutoCloseable {
    /// This many bytes are written even if nothing says that they should reach the client now.
    private static final int WORTH_WRITING = 32 * 1024;

    private final BuildLog client;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition taken = lock.newCondition();

    @GuardedBy("lock")
    private final LogParts parts = new LogParts();

    /// Whether the client's thread has something to do.
    @GuardedBy("lock")
    private boolean due;

    @GuardedBy("lock")
    private boolean closed;

    /// @param client may block for as long as the client does not read
    public ClientLog(BuildLog client) {
        this.client = client;
    }

    /// Waits for room if there is none, but no longer than this, and not in a thread that is interrupted.
    ///
    /// @param nanos 0 or less to not wait
    /// @return what is left of that
    long add(Part part, long nanos) {
        lock.lock();
        try {
            long left = nanos;
            while (left > 0 && !closed && parts.isFullFor(part)) left = taken.awaitNanos(left);
            return put(part, left);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return put(part, 0);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private long put(Part part, long left) {
        if (closed) return left;
        parts.add(part);
        if (parts.bytes() >= WORTH_WRITING) setDue();
        return left;
    }

    /// What has been added should reach the client.
    void flush() {
        lock.lock();
        try {
            if (parts.bytes() > 0) setDue();
        } finally {
            lock.unlock();
        }
    }

    /// Ends [#writeNext], now or the next time.
    void wake() {
        lock.lock();
        try {
            setDue();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void setDue() {
        if (due) return;
        due = true;
        changed.signal();
    }

    /// Waits until something should reach the client or this is woken up, and writes what there is.
    public void writeNext() throws InterruptedException {
        LogParts.Batch batch;
        lock.lockInterruptibly();
        try {
            while (!due) changed.await();
            due = false;
            batch = take();
        } finally {
            lock.unlock();
        }
        write(batch);
    }

    /// Writes what there is, without waiting for more.
    public void writeRest() {
        LogParts.Batch batch;
        lock.lock();
        try {
            batch = take();
        } finally {
            lock.unlock();
        }
        write(batch);
    }

    @GuardedBy("lock")
    private LogParts.Batch take() {
        taken.signalAll();
        return parts.take();
    }

    private void write(LogParts.Batch batch) {
        if (batch.isEmpty()) return;
        batch.writeTo(client);
        client.flush();
    }

    /// Takes no more, and forgets what was not written.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            parts.clear();
            taken.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
