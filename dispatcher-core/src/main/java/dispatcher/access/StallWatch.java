package dispatcher.access;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Ends conversations whose client stops in the middle of a request or an upload, and so keeps what is set aside for
/// it. Between requests a client may be silent for as long as it likes. Safe for any thread.
public final class StallWatch {
    private volatile Duration pause;
    private final LongSupplier nanoTime;
    private final Set<Input> inputs = ConcurrentHashMap.newKeySet();

    public StallWatch(Duration pause, LongSupplier nanoTime) {
        this.pause = pause;
        this.nanoTime = nanoTime;
    }

    /// For those that are here too.
    public void change(Duration newPause) {
        pause = newPause;
    }

    /// What a client sends, to be closed with its conversation.
    public Input watch(InputStream in) {
        var input = new Input(in);
        inputs.add(input);
        return input;
    }

    /// Ends those that have stopped for too long; to be called now and then.
    public void look() {
        for (var input : inputs) input.look();
    }

    /// What a client sends. Read by one thread at a time.
    public final class Input extends InputStream {
        private final InputStream in;
        private final ReentrantLock lock = new ReentrantLock();

        /// In the middle of a request.
        private volatile boolean expecting;

        /// The thread that waits for bytes.
        @GuardedBy("lock")
        private @Nullable Thread reader;

        @GuardedBy("lock")
        private long waitingSince;

        @GuardedBy("lock")
        private @Nullable Duration stalled;

        private Input(InputStream in) {
            this.in = in;
        }

        /// From now on more has to come, or nothing need to.
        public void expect(boolean more) {
            expecting = more;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        /// @throws IOException also if nothing has come for too long; says so
        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            begin();
            try {
                return in.read(target, offset, length);
            } catch (IOException e) {
                throw explained(e);
            } finally {
                end();
            }
        }

        private void begin() {
            lock.lock();
            try {
                reader = Thread.currentThread();
                waitingSince = nanoTime.getAsLong();
            } finally {
                lock.unlock();
            }
        }

        private IOException explained(IOException failure) {
            lock.lock();
            try {
                if (stalled == null) return failure;
                // It was meant for this wait alone.
                boolean _ = Thread.interrupted();
                return new StalledException(
                        "you sent nothing for %d s in the middle of a request, which is all that limits.uploadPause of this dispatcher's settings allows"
                                .formatted(stalled.toSeconds()));
            } finally {
                lock.unlock();
            }
        }

        private void end() {
            lock.lock();
            try {
                reader = null;
            } finally {
                lock.unlock();
            }
        }

        private void look() {
            lock.lock();
            try {
                var limit = pause;
                if (reader == null || !expecting || stalled != null) return;
                if (nanoTime.getAsLong() - waitingSince < limit.toNanos()) return;
                stalled = limit;
                // Under the lock, so that it does not come late and hit what the thread does next.
                reader.interrupt();
            } finally {
                lock.unlock();
            }
        }

        /// No longer watched; the stream itself is its maker's to close.
        @Override
        public void close() {
            inputs.remove(this);
        }
    }

    /// A client has sent nothing for too long.
    public static final class StalledException extends IOException {
        private static final long serialVersionUID = 1L;

        StalledException(String message) {
            super(message);
        }
    }
}
