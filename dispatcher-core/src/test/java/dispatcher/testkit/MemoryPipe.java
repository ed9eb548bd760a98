package dispatcher.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// A pipe in memory that holds a bounded number of bytes, as those of the system do: who writes more waits for the
/// reader, and the other way round. Each end is for one thread at a time; the endings are for any.
public final class MemoryPipe {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final byte[] ring;
    private int start;
    private int held;
    private boolean ended;
    private boolean broken;
    private final InputStream in = new Reader();
    private final OutputStream out = new Writer();

    public MemoryPipe() {
        this(64 * 1024);
    }

    /// @param capacity bytes that fit
    public MemoryPipe(int capacity) {
        ring = new byte[capacity];
    }

    /// Closing it breaks the pipe for the writer.
    public InputStream in() {
        return in;
    }

    /// Closing it is the end of the stream for the reader, once all has been read.
    public OutputStream out() {
        return out;
    }

    /// Drops what is held and makes reads and writes fail, those under way too.
    public void abort() {
        lock.lock();
        try {
            broken = true;
            held = 0;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isBroken() {
        lock.lock();
        try {
            return broken;
        } finally {
            lock.unlock();
        }
    }

    /// The end of the stream for the reader, once all has been read; writes fail.
    public void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void awaitUntil(BooleanSupplier condition) throws InterruptedIOException {
        try {
            while (!condition.getAsBoolean()) changed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted at a pipe");
        }
    }

    private final class Reader extends InputStream {
        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, target.length);
            if (length == 0) return 0;
            lock.lock();
            try {
                awaitUntil(() -> held > 0 || broken || ended);
                if (broken) throw new IOException("the pipe is closed");
                if (held == 0) return -1;
                int n = Math.min(length, held);
                for (int i = 0; i < n; i++) target[offset + i] = ring[(start + i) % ring.length];
                start = (start + n) % ring.length;
                held -= n;
                changed.signalAll();
                return n;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public int available() {
            lock.lock();
            try {
                return held;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            abort();
        }
    }

    private final class Writer extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            lock.lock();
            try {
                for (int written = 0; written < length; ) {
                    awaitUntil(() -> held < ring.length || broken || ended);
                    if (broken || ended) throw new IOException("broken pipe");
                    int n = Math.min(length - written, ring.length - held);
                    for (int i = 0; i < n; i++) ring[(start + held + i) % ring.length] = bytes[offset + written + i];
                    held += n;
                    written += n;
                    changed.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            end();
        }
    }
}
