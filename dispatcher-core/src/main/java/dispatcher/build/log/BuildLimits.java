package dispatcher.build.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Enforces what the client allows a build: its time, its silence, the size of its log. The worker protocol cannot
/// give a machine these limits, and a machine of the other protocol may fail to keep them.
///
/// Stands between the machine and the log. A thread of its own waits for the limits, if there are any, and ends with
/// [#end].
public final class BuildLimits implements BuildLog {
    private final String what;
    private final BuildOptions options;
    private final BuildLog log;
    private final Runnable cut;
    private final LogTail tail = new LogTail();
    private final KeptDirectory kept = new KeptDirectory();
    private final long startedAt = System.nanoTime();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();

    @GuardedBy("lock")
    private long heardAt = startedAt;

    @GuardedBy("lock")
    private long logBytes;

    @GuardedBy("lock")
    private boolean over;

    @GuardedBy("lock")
    private @Nullable BuildResult verdict;

    /// Begins.
    ///
    /// @param what the derivation, for messages
    /// @param cut  ends the build, from any thread
    public BuildLimits(String what, BuildOptions options, BuildLog log, Runnable cut) {
        this.what = what;
        this.options = options;
        this.log = log;
        this.cut = cut;
        if (options.timeout().isPositive() || options.maxSilent().isPositive())
            Thread.ofVirtual().name("limits of " + what).start(this::watch);
    }

    /// Ends the watch. If a limit cut the build off, returns the result for the client in place of the build's own.
    public Optional<BuildResult> end() {
        lock.lock();
        try {
            over = true;
            ended.signalAll();
            return Optional.ofNullable(verdict);
        } finally {
            lock.unlock();
        }
    }

    /// The last lines that the build has written.
    public List<String> lastLines() {
        return tail.lines();
    }

    /// Notes in the log where the build directory of a failed build is, if the client asked to keep it.
    public void noteWhatIsKept(String machine) {
        if (!options.keepFailed()) return;
        log.note(kept.path()
                .map(path -> "dispatcher: the build directory of %s is kept on machine %s: %s"
                        .formatted(what, machine, path))
                .orElse("dispatcher: machine %s has kept no build directory of %s".formatted(machine, what)));
        log.flush();
    }

    private void watch() {
        lock.lock();
        try {
            while (!over) {
                long now = System.nanoTime();
                long left = left(options.timeout(), startedAt, now);
                long silence = left(options.maxSilent(), heardAt, now);
                if (left <= 0) stop(BuildStatus.TIMED_OUT, "timed out after " + seconds(options.timeout()));
                else if (silence <= 0)
                    stop(
                            BuildStatus.TIMED_OUT,
                            "timed out after %s of silence".formatted(seconds(options.maxSilent())));
                else {
                    var _ = ended.awaitNanos(Math.min(left, silence));
                }
            }
        } catch (InterruptedException e) {
            // Cannot happen: nobody else has this thread.
            return;
        } finally {
            lock.unlock();
        }
        cutIfStopped();
    }

    private static long left(Duration limit, long since, long now) {
        return limit.isPositive() ? limit.toNanos() - (now - since) : Long.MAX_VALUE;
    }

    private static String seconds(Duration duration) {
        return duration.toSeconds() + " seconds";
    }

    /// In Nix's own words, which scripts look for.
    @GuardedBy("lock")
    private void stop(BuildStatus status, String why) {
        if (over) return;
        over = true;
        verdict = BuildResult.of(status, "building of '%s' %s".formatted(what, why));
    }

    private void cutIfStopped() {
        boolean stopped;
        lock.lock();
        try {
            stopped = verdict != null;
        } finally {
            lock.unlock();
        }
        if (stopped) cut.run();
    }

    @Override
    public void line(ByteString line) {
        tail.add(line);
        kept.hear(line);
        if (count(line.length(), true)) log.line(line);
    }

    /// Notes are no sign of life of the build, but count to its log.
    ///
    /// @return whether the build may go on
    private boolean count(int length, boolean alive) {
        boolean tooMuch;
        lock.lock();
        try {
            if (alive) heardAt = System.nanoTime();
            logBytes += length + 1L;
            tooMuch = options.maxLogBytes() > 0 && logBytes > options.maxLogBytes() && !over;
            if (tooMuch)
                stop(
                        BuildStatus.LOG_LIMIT_EXCEEDED,
                        "killed after writing more than %d bytes of log output".formatted(options.maxLogBytes()));
        } finally {
            lock.unlock();
        }
        if (tooMuch) cutIfStopped();
        return !tooMuch;
    }

    @Override
    public void note(String text) {
        kept.hear(text);
        if (count(text.length(), false)) log.note(text);
    }

    @Override
    public void assigned(String machine, String reason) {
        log.assigned(machine, reason);
    }

    @Override
    public void phase(String phase) {
        if (count(phase.length(), false)) log.phase(phase);
    }

    @Override
    public void copying(StorePath path, String machine) {
        log.copying(path, machine);
    }

    @Override
    public void copied(StorePath path, long bytes) {
        log.copied(path, bytes);
    }

    @Override
    public void flush() {
        log.flush();
    }
}
