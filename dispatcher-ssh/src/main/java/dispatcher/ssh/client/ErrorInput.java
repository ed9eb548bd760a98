package dispatcher.ssh.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.ssh.PipeInput;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// What a program writes to standard error, kept up to a limit for a reader who may never come: what does not fit
/// is dropped, and a line says so.
public final class ErrorInput extends InputStream {
    private final int limit;
    private final AtomicLong received = new AtomicLong();
    private final PipeInput pipe;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private int held;

    @GuardedBy("lock")
    private long dropped;

    public ErrorInput(int limit) {
        this.limit = limit;
        this.pipe = new PipeInput(this::consumed);
    }

    public void receive(byte[] data, int offset, int length) {
        received.addAndGet(length);
        lock.lock();
        try {
            if (held + length > limit) {
                dropped += length;
                return;
            }
            if (dropped > 0) {
                byte[] note = "\n[%d bytes of standard error were dropped]\n"
                        .formatted(dropped)
                        .getBytes(UTF_8);
                dropped = 0;
                held += note.length;
                pipe.receive(note, 0, note.length);
            }
            held += length;
            pipe.receive(data, offset, length);
        } finally {
            lock.unlock();
        }
    }

    /// How many bytes have ever come, those dropped among them.
    public long received() {
        return received.get();
    }

    private void consumed(int bytes) {
        lock.lock();
        try {
            held -= bytes;
        } finally {
            lock.unlock();
        }
    }

    public void end() {
        pipe.end();
    }

    void abort(IOException cause) {
        pipe.abort(cause);
    }

    @Override
    public int read() throws IOException {
        return pipe.read();
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        return pipe.read(into, offset, length);
    }

    @Override
    public int available() {
        return pipe.available();
    }
}
