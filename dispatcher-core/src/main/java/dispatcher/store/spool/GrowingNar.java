package dispatcher.store.spool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.PathInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A NAR that is still on its way into a spool, for one reader that follows it. The reader gets what has come, but
/// the last bytes only once the path is in the spool as it was announced: without them no receiver has a whole NAR.
///
/// The uploader never waits for the reader, which reads from the file. The file stays readable even if the path
/// leaves the spool meanwhile. To be closed by the reader. Safe for two threads; the lock is not held over I/O.
public final class GrowingNar implements AutoCloseable {
    private static final int CHUNK = 128 * 1024;

    /// Size of the closing bracket that a NAR ends with, in bytes.
    private static final int HELD = 8;

    private final PathInfo info;
    private final InputStream file;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private long written;

    /// What the reader waits for, so that it is not woken for less.
    @GuardedBy("lock")
    private long awaited = Long.MAX_VALUE;

    @GuardedBy("lock")
    private State state = State.COMING;

    private enum State {
        COMING,
        WHOLE,
        BROKEN_OFF
    }

    /// @param info as the uploader announces it, with the size of the NAR
    /// @param file which is there, and gets the bytes
    GrowingNar(PathInfo info, Path file) throws IOException {
        this.info = info;
        this.file = Files.newInputStream(file);
    }

    /// Says how many bytes the file has now.
    void grown(long bytes) {
        lock.lock();
        try {
            written = bytes;
            if (written >= awaited) changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Nothing more comes. Only the first call counts.
    ///
    /// @param right whether the spool has the path now, with this NAR
    void end(boolean right) {
        lock.lock();
        try {
            if (state == State.COMING) state = right ? State.WHOLE : State.BROKEN_OFF;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// As it was announced; true if [#isWhole].
    public PathInfo info() {
        return info;
    }

    /// Whether all of it has come, and is what was announced.
    public boolean isWhole() {
        lock.lock();
        try {
            return state == State.WHOLE;
        } finally {
            lock.unlock();
        }
    }

    /// Writes the NAR to `sink`, which it neither flushes nor closes, as it comes. To be called once.
    ///
    /// @return how many bytes it had
    /// @throws IOException if the upload fails, perhaps in the middle; then the last bytes were not written
    public long copyTo(OutputStream sink) throws IOException, InterruptedException {
        var buffer = new byte[CHUNK];
        long position = 0;
        while (position < info.narSize()) {
            long left = awaitBeyond(position) - position;
            int count = file.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (count < 0)
                throw new IOException("the file of an upload ends too early, at %d bytes".formatted(position));
            sink.write(buffer, 0, count);
            position += count;
        }
        return position;
    }

    /// How many bytes may be read, once there is a chunk after `position`, or the end of what comes early.
    private long awaitBeyond(long position) throws IOException, InterruptedException {
        lock.lock();
        try {
            long end = info.narSize() - HELD;
            long enough = Math.min(position + CHUNK, end);
            awaited = position < end ? enough : Long.MAX_VALUE;
            while (true) {
                if (state == State.BROKEN_OFF) throw new IOException("its upload failed");
                if (state == State.WHOLE) return info.narSize();
                if (position < end && written >= enough) return Math.min(written, end);
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            // It was only read.
        }
    }
}
