package dispatcher.protocol;

import dispatcher.nix.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Reads a program's standard error on a thread of its own for as long as the program runs, so that it never blocks
/// there:
/// hands each line to whoever listens at the moment, and keeps the last of it for error messages.
///
/// Safe for any thread.
public final class ErrorOutput {
    private static final int TAIL = 4096;
    private static final int LONGEST_LINE = 1 << 20;

    private final InputStream err;
    private final Thread pump;
    private final ReentrantLock lock = new ReentrantLock();
    private final StringBuilder tail = new StringBuilder();
    private Consumer<ByteString> listener = _ -> {};
    /// Published to whoever waits for the pump to have nothing in hand.
    private volatile boolean reading;

    private ErrorOutput(InputStream err, String name) {
        this.err = err;
        this.pump = Thread.ofVirtual().name("stderr of " + name).unstarted(this::pump);
    }

    /// Starts to read; the thread ends when the stream does.
    public static ErrorOutput start(InputStream err, String name) {
        var output = new ErrorOutput(err, name);
        output.pump.start();
        return output;
    }

    /// From now on lines go to `newListener`, called on the reading thread, without their newline.
    public void listen(Consumer<ByteString> newListener) {
        lock.lock();
        try {
            listener = newListener;
        } finally {
            lock.unlock();
        }
    }

    /// The last that was said, decoded and trimmed; empty if nothing was.
    public String tail() {
        lock.lock();
        try {
            return tail.toString().strip();
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the program has closed its standard error, at most `millis` milliseconds.
    public void awaitEnd(long millis) throws InterruptedException {
        pump.join(millis);
    }

    /// Waits until everything that can be read without waiting has been handed to the listener, at most `millis`
    /// milliseconds.
    ///
    /// The order of the checks matters: once nothing is left to read, the pump either works on what it has read, or
    /// is back in its blocking read.
    public void awaitCaughtUp(long millis) throws InterruptedException, IOException {
        long end = System.nanoTime() + millis * 1_000_000;
        while (pump.isAlive() && System.nanoTime() < end) {
            if (err.available() == 0 && reading && isParked(pump.getState())) return;
            if (Thread.interrupted()) throw new InterruptedException();
            LockSupport.parkNanos(200_000);
        }
    }

    private static boolean isParked(Thread.State state) {
        return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
    }

    private void pump() {
        var buffer = new byte[8192];
        var line = new ByteArrayOutputStream();
        try {
            while (true) {
                reading = true;
                int n = err.read(buffer, 0, buffer.length);
                reading = false;
                if (n < 0) break;
                int start = 0;
                for (int i = 0; i < n; i++) {
                    if (buffer[i] != '\n') continue;
                    line.write(buffer, start, i - start);
                    emit(line);
                    start = i + 1;
                }
                line.write(buffer, start, n - start);
                if (line.size() > LONGEST_LINE) emit(line);
            }
        } catch (IOException e) {
            // The connection is gone; whoever reads its standard output will say so.
        }
        if (line.size() > 0) emit(line);
    }

    private void emit(ByteArrayOutputStream line) {
        var text = ByteString.wrap(line.toByteArray());
        line.reset();
        Consumer<ByteString> receiver;
        lock.lock();
        try {
            tail.append(text.utf8()).append('\n');
            if (tail.length() > TAIL) tail.delete(0, tail.length() - TAIL);
            receiver = listener;
        } finally {
            lock.unlock();
        }
        receiver.accept(text);
    }
}
