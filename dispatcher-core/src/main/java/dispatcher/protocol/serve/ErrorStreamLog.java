package dispatcher.protocol.serve;

import dispatcher.nix.ByteString;
import dispatcher.nix.json.Json;
import dispatcher.store.BuildLog;
import dispatcher.text.Printable;
import dispatcher.thread.Interruption;
import dispatcher.wire.Untaken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;

/// Writes a build's log to the client's standard error, where the waiting Nix reads it line by line. Waits for a
/// client that does not read, as [dispatcher.protocol.worker.WorkerServer]'s does.
///
/// The log and the result go different ways, and with the result the client's Nix ends what brings the log and
/// reads no more of it. So the result is to wait for [#awaitTaken], or the end of a long log, which says why the
/// build failed, would be lost.
final class ErrorStreamLog implements BuildLog {
    private static final byte[] NEWLINE = {'\n'};
    private static final int WORTH_WRITING = 32 * 1024;

    /// A client that has read nothing for this time gets its result all the same. On a busy host it pauses for
    /// seconds.
    static final Duration MOST_SILENCE = Duration.ofSeconds(10);

    /// The same for a client that reads, but slowly: the longest wait in all.
    static final Duration MOST_WAIT = Duration.ofSeconds(30);

    private static final Duration LOOK = Duration.ofMillis(10);

    /// Time, as this sees it.
    interface Clock {
        long nanoTime();

        void sleep(Duration time) throws InterruptedException;

        Clock SYSTEM = new Clock() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public void sleep(Duration time) throws InterruptedException {
                Thread.sleep(time);
            }
        };
    }

    private final OutputStream err;
    private final Clock clock;
    private final UnseenLog unseen;
    private final ReentrantLock lock = new ReentrantLock();
    private final ByteArrayOutputStream pending = new ByteArrayOutputStream();

    ErrorStreamLog(OutputStream err, Clock clock) {
        this.err = err;
        this.clock = clock;
        this.unseen = new UnseenLog(clock::nanoTime);
    }

    @Override
    public void note(String text) {
        line(ByteString.of(Printable.coloured(text)));
        flush();
    }

    @Override
    public void assigned(String machine, String reason) {}

    @Override
    public void phase(String phase) {
        line(ByteString.of("@nix {\"action\":\"setPhase\",\"phase\":" + Json.quote(phase) + "}"));
    }

    @Override
    public void line(ByteString line) {
        lock.lock();
        try {
            pending.writeBytes(line.toByteArray());
            pending.writeBytes(NEWLINE);
            if (pending.size() >= WORTH_WRITING) flush();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flush() {
        lock.lock();
        try {
            if (pending.size() == 0) return;
            long start = clock.nanoTime();
            pending.writeTo(err);
            err.flush();
            unseen.passed(pending.size(), clock.nanoTime() - start);
        } catch (IOException e) {
            // The client has gone; the thread that waits for the build notices.
            Interruption.keep(e);
        } finally {
            pending.reset();
            lock.unlock();
        }
    }

    /// Returns when the client should have read all that was written, or takes too long to do so.
    void awaitTaken() throws InterruptedException {
        long begun = clock.nanoTime();
        if (err instanceof Untaken far) awaitTaken(far, begun);
        var rest = unseen.rest();
        if (rest.isPositive()) clock.sleep(rest);
    }

    private void awaitTaken(Untaken far, long begun) throws InterruptedException {
        long before = far.untaken();
        long since = begun;
        while (before > 0) {
            clock.sleep(LOOK);
            long now = clock.nanoTime();
            long left = far.untaken();
            if (left < before) {
                unseen.passed(before - left, now - since);
                since = now;
                before = left;
            } else if (now - since >= MOST_SILENCE.toNanos()) return;
            if (now - begun >= MOST_WAIT.toNanos()) return;
        }
    }
}
