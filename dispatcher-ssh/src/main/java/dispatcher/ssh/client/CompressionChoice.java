package dispatcher.ssh.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.Choice;
import dispatcher.ssh.LinkWatch;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether new connections to one machine are to compress, learned from the uploads to it.
///
/// What counts is the time in which writers wait (`WriteWatch`): while some do, what leaves is all that the link
/// takes, whatever the number of channels. Waiting for a slow source or for a budget does not count. Waiting for a
/// machine that reads slowly looks the same from here: the kernel takes more than the window that the machine grants a
/// channel. But then nothing stands in the link, and the machine's sshd, which reads at once, answers a question at
/// once.
///
/// - Without compression: if less than [#SLOW] bytes per second leave in that time, and answers take [#QUEUED] and
///   longer, as they do behind a window that stands in such a link, new connections compress. Deflate
///   at level 1 takes 45 MB/s of libraries and text and makes 20 MB/s of them (level 6: takes 15 to 22 MB/s, for a
///   tenth less of bytes; CPU time on one core at 2.5 GHz). Below a quarter of that, it gains the most at a fair
///   price in CPU; a line of 100 Mbit/s counts as slow.
/// - With compression: if the link is waited for during less than a fifth of the time that goes into sending, then
///   it is the CPU that holds us up, and new connections do without. As contents differ, that is a trial: if the
///   link proves slow again, the next trial comes after twice as much.
///
/// Apache MINA SSHD 2.20.0 compresses always or never. Measured with 96 MB in pieces of 8 MB on a busy machine
/// (2026-11): over a link of 5 MB/s this class takes 20 s and sends 47 MB, where no compression takes 33 s (medians of
/// three). On a link without a limit, compressing always costs 8 s of CPU time and not at all 6 s, as does this class.
///
/// The two limits are apart (12.5 MB/s, and what the CPU makes), so that a link near one of them does not go to and
/// fro. Safe for any thread.
final class CompressionChoice {
    private static final Logger log = LoggerFactory.getLogger(CompressionChoice.class);

    /// Bytes per second: what a line of 100 Mbit/s carries at most.
    static final long SLOW = 12_500_000;

    /// Nanoseconds that an answer takes at the least if it is the link that is slow: half of what 2 MB take at that
    /// rate, OpenSSH's window for a channel.
    static final long QUEUED = 80_000_000;

    /// The quickest of this number of answers counts, since a machine may be slow with some.
    private static final int ANSWERS = 3;

    /// How much must have left while writers waited; kernel and network hold some megabytes, which go fast.
    static final long SAMPLE_BYTES = 8 << 20;

    /// How long writers must have waited if only an eighth of that has left.
    static final long SAMPLE_NANOS = 3_000_000_000L;

    /// How much is sent compressed before there is a trial without.
    static final long FIRST_TRIAL_BYTES = 64 << 20;

    private static final long LAST_TRIAL_BYTES = 4L << 30;
    private static final double IDLE_LINK = 0.2;

    private final String machine;
    private final LongSupplier nanoTime;
    private final Runnable changed;
    private final Answers answers;
    private final Executor background;
    private final ReentrantLock lock = new ReentrantLock();
    private final Account plain = new Account(false);
    private final Account packed = new Account(true);

    /// Written under the lock.
    private volatile boolean compress;

    /// Whether measurements count.
    @GuardedBy("lock")
    private boolean open;

    /// The machine is being asked whether it is the link that is slow.
    @GuardedBy("lock")
    private boolean asking;

    @GuardedBy("lock")
    private long trialBytes = FIRST_TRIAL_BYTES;

    /// How long the machine's sshd takes to answer.
    interface Answers {
        /// Asks it something on a connection without compression on which something is being sent, and waits.
        void await() throws IOException, InterruptedException;
    }

    /// @param machine    for the log
    /// @param changed    called after each change, with no lock held, by threads that must not be blocked
    /// @param background where the answers are waited for
    CompressionChoice(
            String machine,
            Choice setting,
            LongSupplier nanoTime,
            Runnable changed,
            Answers answers,
            Executor background) {
        this.machine = machine;
        this.nanoTime = nanoTime;
        this.changed = changed;
        this.answers = answers;
        this.background = background;
        this.compress = setting == Choice.YES;
        this.open = setting == Choice.AUTO;
    }

    /// Whether new connections are to compress.
    boolean compress() {
        return compress;
    }

    /// The machine offers no compression, so it is not asked for it again.
    void unavailable() {
        lock.lock();
        try {
            if (!compress) return;
            compress = false;
            open = false;
        } finally {
            lock.unlock();
        }
        log.atInfo().addKeyValue("machine", machine).log("the sshd there offers no compression; sending without");
        changed.run();
    }

    /// For the writers of a connection that compresses, or one that does not.
    LinkWatch watch(boolean compresses) {
        return compresses ? packed : plain;
    }

    /// Whether it is the link that is slow, and not the machine.
    private void ask(double rate) {
        boolean slow = false;
        try {
            slow = quickestAnswer() >= QUEUED;
        } catch (IOException e) {
            log.atDebug().addKeyValue("machine", machine).log("no answer: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lock.lock();
        try {
            asking = false;
            slow &= open && !compress;
            if (slow) change(true);
            else plain.reset();
        } finally {
            lock.unlock();
        }
        if (!slow) return;
        log.atInfo()
                .addKeyValue("machine", machine)
                .addKeyValue("rate", megabytes(rate))
                .log("the link is slow; new connections compress");
        changed.run();
    }

    private long quickestAnswer() throws IOException, InterruptedException {
        long quickest = Long.MAX_VALUE;
        for (int i = 0; i < ANSWERS && quickest >= QUEUED; i++) {
            long start = nanoTime.getAsLong();
            answers.await();
            quickest = Math.min(quickest, nanoTime.getAsLong() - start);
        }
        return quickest;
    }

    /// What has been measured on connections of one kind. Guarded by the choice's lock.
    private final class Account implements LinkWatch {
        private final boolean compresses;
        private int waiting;
        private long since;
        private long waitNanos;
        private long leftBytes;
        private long preparedBytes;
        private long prepareNanos;

        Account(boolean compresses) {
            this.compresses = compresses;
        }

        @Override
        public void waits() {
            lock.lock();
            try {
                if (waiting++ == 0) since = nanoTime.getAsLong();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void waited() {
            boolean ended;
            double suspect;
            lock.lock();
            try {
                count();
                waiting--;
                ended = isOver();
                suspect = suspect();
            } finally {
                lock.unlock();
            }
            if (ended) changed.run();
            if (suspect > 0) background.execute(() -> ask(suspect));
        }

        @Override
        public void left(int bytes) {
            lock.lock();
            try {
                if (waiting > 0) leftBytes += bytes;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void prepared(int bytes, long nanos) {
            if (!compresses) return;
            boolean ended;
            lock.lock();
            try {
                preparedBytes += bytes;
                prepareNanos += nanos;
                ended = isOver();
            } finally {
                lock.unlock();
            }
            if (ended) changed.run();
        }

        @GuardedBy("lock")
        private void count() {
            if (waiting == 0) return;
            long now = nanoTime.getAsLong();
            waitNanos += now - since;
            since = now;
        }

        /// Whether compression has just ended.
        @GuardedBy("lock")
        private boolean isOver() {
            return open && compress && compresses && decideToStop();
        }

        /// The rate of a link that seems to be slow, once, until that has been found out; or else 0.
        @GuardedBy("lock")
        private double suspect() {
            if (!open || compress || compresses || asking) return 0;
            boolean enough = leftBytes >= SAMPLE_BYTES || (waitNanos >= SAMPLE_NANOS && leftBytes >= SAMPLE_BYTES / 8);
            if (!enough || waitNanos == 0) return 0;
            double rate = leftBytes * 1e9 / waitNanos;
            if (rate >= SLOW) {
                // What was measured before counts half as much from now on.
                leftBytes /= 2;
                waitNanos /= 2;
                return 0;
            }
            asking = true;
            return rate;
        }

        @GuardedBy("lock")
        private boolean decideToStop() {
            if (preparedBytes < trialBytes) return false;
            count();
            double nanos = Math.max(1.0, (double) waitNanos + prepareNanos);
            if (waitNanos >= IDLE_LINK * nanos) {
                preparedBytes /= 2;
                prepareNanos /= 2;
                waitNanos /= 2;
                return false;
            }
            double rate = preparedBytes * 1e9 / nanos;
            trialBytes = Math.min(2 * trialBytes, LAST_TRIAL_BYTES);
            change(false);
            log.atInfo()
                    .addKeyValue("machine", machine)
                    .addKeyValue("rate", megabytes(rate))
                    .log("the link takes all that we can compress; new connections do without");
            return true;
        }

        private void reset() {
            waitNanos = 0;
            leftBytes = 0;
            preparedBytes = 0;
            prepareNanos = 0;
            since = nanoTime.getAsLong();
        }
    }

    @GuardedBy("lock")
    private void change(boolean to) {
        compress = to;
        plain.reset();
        packed.reset();
    }

    private static String megabytes(double rate) {
        return "%.1f MB/s".formatted(rate / 1e6);
    }
}
