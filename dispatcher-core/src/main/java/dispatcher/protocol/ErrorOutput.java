package dispatcher.protocol;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a program's standard error on a thread of its own for as long as the program runs, so that it never
/// blocks there: hands each line to the present listener, and keeps the last of it for error messages.
///
/// Safe for any thread.
public final class ErrorOutput {
    private static final Logger log = LoggerFactory.getLogger(ErrorOutput.class);
    private static final int TAIL = 4096;
    /// A line that is longer is handed over in pieces, of which only the last has no more bytes.
    public static final int LONGEST_LINE = 1 << 20;

    private static final long LOOK_NANOS = 200_000;
    private static final int PARKED_LOOKS = 2;
    private static final int RUNNING_LOOKS = 250;

    private final InputStream err;
    private final Thread pump;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final StringBuilder tail = new StringBuilder();

    private final Condition handedOver = lock.newCondition();

    @GuardedBy("lock")
    private Consumer<ByteString> listener;

    /// Whether the listener has a line in hand.
    @GuardedBy("lock")
    private boolean busy;

    /// Counts the pump's steps, so that others can wait until it has nothing in hand: odd while it reads.
    private final AtomicLong steps = new AtomicLong();

    private ErrorOutput(InputStream err, String name, Consumer<ByteString> listener) {
        this.err = err;
        this.listener = listener;
        this.pump = Thread.ofVirtual().name("stderr of " + name).unstarted(this::pump);
    }

    /// Starts to read; the thread ends when the stream does. Nobody listens yet.
    public static ErrorOutput start(InputStream err, String name) {
        return start(err, name, _ -> {});
    }

    /// The same with a listener from the first line on.
    public static ErrorOutput start(InputStream err, String name, Consumer<ByteString> listener) {
        var output = new ErrorOutput(err, name, listener);
        output.pump.start();
        return output;
    }

    /// From now on lines go to `newListener`, called on the reading thread, without their newline. Waits until the
    /// listener before has done with a line that it has in hand, so that it gets nothing after this. Not to be
    /// called by a listener.
    public void listen(Consumer<ByteString> newListener) {
        lock.lock();
        try {
            listener = newListener;
            while (busy) handedOver.awaitUninterruptibly();
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

    /// Waits until everything that can be read without waiting has been handed to the listener, but no longer than
    /// `millis` milliseconds without anything being handed over. Once a line's end has not come yet, the
    /// line has not been handed over either.
    ///
    /// A stream does not show whether its reader still waits in it or is just about to return with bytes. So
    /// the pump counts as idle when it has been in one and the same read over several looks with nothing to be
    /// read, long enough to have come out of it: [#PARKED_LOOKS] looks if its thread is parked, which it is
    /// while it waits; [#RUNNING_LOOKS] if not, which is so for streams that wait in the system, and then is no
    /// more than likely.
    ///
    /// @return whether that is so; false if it took too long
    public boolean awaitCaughtUp(long millis) throws InterruptedException, IOException {
        long end = System.nanoTime() + millis * 1_000_000;
        long step = -1;
        int parked = 0;
        int looks = 0;
        while (pump.isAlive() && System.nanoTime() < end) {
            long before = steps.get();
            boolean empty = err.available() == 0;
            boolean waits = isParked(pump.getState());
            boolean idle = empty && isReading(before) && steps.get() == before;
            if (!idle || before != step) {
                if (before != step) end = System.nanoTime() + millis * 1_000_000;
                step = before;
                parked = 0;
                looks = 0;
            }
            if (idle) {
                looks++;
                parked = waits ? parked + 1 : 0;
                if (parked >= PARKED_LOOKS || looks >= RUNNING_LOOKS) return true;
            }
            if (Thread.interrupted()) throw new InterruptedException();
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return !pump.isAlive();
    }

    /// How many times something has been read.
    public long reads() {
        return steps.get() / 2;
    }

    private static boolean isReading(long step) {
        return (step & 1) == 1;
    }

    private static boolean isParked(Thread.State state) {
        return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
    }

    private void pump() {
        var buffer = new byte[8192];
        var line = new ByteArrayOutputStream();
        try {
            while (true) {
                steps.incrementAndGet();
                int n = err.read(buffer, 0, buffer.length);
                steps.incrementAndGet();
                if (n < 0) break;
                int start = 0;
                for (int i = 0; i < n; i++) {
                    if (buffer[i] != '\n') continue;
                    line.write(buffer, start, i - start);
                    emit(line);
                    start = i + 1;
                }
                line.write(buffer, start, n - start);
                if (line.size() >= LONGEST_LINE) emit(line);
            }
        } catch (IOException e) {
            // The connection is gone; the reader of its standard output will say so.
        }
        if (line.size() > 0) emit(line);
    }

    private void emit(ByteArrayOutputStream line) {
        var text = ByteString.wrap(line.toByteArray());
        line.reset();
        Consumer<ByteString> receiver;
        lock.lock();
        try {
            tail.append(text.last(TAIL).utf8()).append('\n');
            if (tail.length() > TAIL) tail.delete(0, tail.length() - TAIL);
            receiver = listener;
            busy = true;
        } finally {
            lock.unlock();
        }
        try {
            receiver.accept(text);
        } catch (RuntimeException | Error e) {
            // Goes on after any exception of the listener: without a reader, the program would wait for ever.
            log.atError().addKeyValue("thread", pump.getName()).setCause(e).log("bug: a line was not taken");
        } finally {
            notBusy();
        }
    }

    private void notBusy() {
        lock.lock();
        try {
            busy = false;
            handedOver.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
