package dispatcher.ssh;

import dispatcher.wire.Untaken;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/// An output that knows since when a write has made no progress, so that another thread can end a connection whose
/// peer does not read: the library's writes may block without end.
public final class WatchedOutput extends OutputStream implements Untaken {
    private static final int STEP_BYTES = 64 * 1024;
    private static final long NONE = Long.MIN_VALUE;

    private final OutputStream to;
    private final LongSupplier untaken;
    private final UnaryOperator<IOException> explain;

    /// In nanoseconds, or [#NONE] when no write is under way.
    private volatile long since = NONE;

    /// @param untaken see [Untaken#untaken]
    /// @param explain turns a failure of the library into one that says what happened
    public WatchedOutput(OutputStream to, LongSupplier untaken, UnaryOperator<IOException> explain) {
        this.to = to;
        this.untaken = untaken;
        this.explain = explain;
    }

    /// Whether a write has been without progress for `limit` or longer; for any thread.
    public boolean stalled(Duration limit) {
        long start = since;
        return start != NONE && System.nanoTime() - start >= limit.toNanos();
    }

    @Override
    public long untaken() {
        return untaken.getAsLong();
    }

    private interface Step {
        void run() throws IOException;
    }

    private void step(Step step) throws IOException {
        since = Math.max(System.nanoTime(), NONE + 1);
        try {
            step.run();
        } catch (IOException e) {
            throw explain.apply(e);
        } finally {
            since = NONE;
        }
    }

    @Override
    public void write(int b) throws IOException {
        step(() -> to.write(b));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        for (int done = 0; done < length; ) {
            int start = offset + done;
            int count = Math.min(STEP_BYTES, length - done);
            step(() -> to.write(bytes, start, count));
            done += count;
        }
    }

    @Override
    public void flush() throws IOException {
        step(to::flush);
    }

    @Override
    public void close() throws IOException {
        step(to::close);
    }
}
