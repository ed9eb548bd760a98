package dispatcher.build.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.build.log.LogParts.Part;
import dispatcher.store.BuildLog;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The log of an attempt without a reader yet, perhaps for good. Keeps its last parts until there is a reader; from
/// then on each part goes to the reader as it comes.
///
/// Safe for any thread. Bounded as [LogParts] are.
public final class BufferedLog extends PartedLog implements AutoCloseable {
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final LogParts held = new LogParts();

    @GuardedBy("lock")
    private @Nullable BuildLog reader;

    /// From now on `log` reads this: the parts that are held go there first. To be called once.
    ///
    /// @param log must not block
    public void release(BuildLog log) {
        while (true) {
            LogParts.Batch batch;
            lock.lock();
            try {
                if (reader != null) return;
                batch = held.take();
                if (batch.isEmpty()) {
                    reader = log;
                    break;
                }
            } finally {
                lock.unlock();
            }
            batch.writeTo(log);
        }
        log.flush();
    }

    @Override
    void add(Part part) {
        BuildLog to;
        lock.lock();
        try {
            to = reader;
            if (to == null) held.add(part);
        } finally {
            lock.unlock();
        }
        if (to != null) part.event().accept(to);
    }

    /// What is held is flushed when it is read.
    @Override
    public void flush() {
        BuildLog to;
        lock.lock();
        try {
            to = reader;
        } finally {
            lock.unlock();
        }
        if (to != null) to.flush();
    }

    /// No reader comes any more, unless there is one already.
    @Override
    public void close() {
        lock.lock();
        try {
            held.clear();
            if (reader == null) reader = BuildLog.NONE;
        } finally {
            lock.unlock();
        }
    }
}
