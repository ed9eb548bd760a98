package dispatcher.ssh;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.function.UnaryOperator;

/// Knows since when a write has been without progress, so that another thread can end a connection whose peer
/// does not read: the library's writes may block for ever.
final class WatchedOutput extends OutputStream {
    private static final int STEP_BYTES = 64 * 1024;
    private static final long NONE = Long.MIN_VALUE;

    private final OutputStream to;
    private final UnaryOperator<IOException> explain;

    /// In nanoseconds, or [#NONE] when no write is under way.
    private volatile long since = NONE;

    /// @param explain makes a failure of the library's into one that says what happened
    WatchedOutput(OutputStream to, UnaryOperator<IOException> explain) {
        this.to = to;
        this.explain = explain;
    }

    /// Whether a write has been without progress for `limit` or longer; for any thread.
    boolean stalled(Duration limit) {
        long start = since;
        return start != NONE && System.nanoTime() - start >= limit.toNanos();
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
