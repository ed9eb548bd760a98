package dispatcher.cli.reload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.thread.SteadyThread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the settings again on request, or when their files have changed, and puts them in force: all of them, or
/// nothing if there is any fault in them.
///
/// Safe for any thread. The lock is held while the files are read and what they say is put in force, so that one
/// comes after the other. One thread looks at the files.
public final class Reloader implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");
    private static final Duration LOOK = Duration.ofSeconds(2);

    private final UnaryOperator<Settings> source;
    private final Consumer<SettingsChange> target;
    private final FileWatch watch;
    private final ReentrantLock lock = new ReentrantLock();
    private final Thread looking = SteadyThread.unstarted("settings", this::looksAgain);

    @GuardedBy("lock")
    private Settings running;

    /// @param running what is in force
    /// @param source  reads it again; throws a [UserFacingException] if there is a fault in it
    /// @param target  puts it in force, or throws before anything has changed; called with the lock held
    public Reloader(Settings running, UnaryOperator<Settings> source, Consumer<SettingsChange> target) {
        this(running, source, target, new FileWatch());
    }

    Reloader(Settings running, UnaryOperator<Settings> source, Consumer<SettingsChange> target, FileWatch watch) {
        this.running = running;
        this.source = source;
        this.target = target;
        this.watch = watch;
        watch.afterReading(running.files());
    }

    /// Looks at the files from now on.
    public void start() {
        looking.start();
    }

    private boolean looksAgain() throws InterruptedException {
        Thread.sleep(LOOK);
        lookNow();
        return true;
    }

    /// One look at the files.
    void lookNow() {
        lock.lock();
        try {
            if (watch.hasChanged()) reload("the file has changed");
        } finally {
            lock.unlock();
        }
    }

    /// Reads the settings again. The result is in the log.
    ///
    /// @param why the reason, for the log
    public ReloadOutcome reload(String why) {
        lock.lock();
        try {
            var outcome = attempt();
            report(outcome, why);
            return outcome;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private ReloadOutcome attempt() {
        Set<Path> files = new LinkedHashSet<>(running.files());
        watch.beforeReading();
        try {
            var read = source.apply(running);
            files.addAll(read.files());
            var change = SettingsChange.of(running, read);
            target.accept(change);
            running = change.settings();
            return new ReloadOutcome.Done(change.changes(), change.needRestart(), read.remarks());
        } catch (UserFacingException e) {
            // What is to be corrected may be in a file that was not there before.
            if (e instanceof SettingsException wrong) files.addAll(wrong.files());
            return ReloadOutcome.Refused.of(e);
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("bug: settings not reloaded");
            return new ReloadOutcome.Refused(
                    "something went wrong that should not: " + e, "report this, with the dispatcher's log", List.of());
        } finally {
            watch.afterReading(files);
        }
    }

    private static void report(ReloadOutcome outcome, String why) {
        switch (outcome) {
            case ReloadOutcome.Done(var changes, var needRestart, var warnings) -> {
                log.atInfo()
                        .addKeyValue("why", why)
                        .addKeyValue("changes", changes.size())
                        .log("settings reloaded");
                for (var change : changes) log.atInfo().log("settings: {}", change);
                for (var key : needRestart) log.atWarn().log("settings: {} needs a restart", key);
                for (var warning : warnings) log.atWarn().log("{}", warning);
            }
            case ReloadOutcome.Refused(var cause, var next, var faults) -> {
                log.atError()
                        .addKeyValue("why", why)
                        .addKeyValue("next", next)
                        .log("settings not reloaded, nothing has changed");
                if (faults.isEmpty()) log.atError().log("settings: {}", cause);
                for (var fault : faults) log.atError().log("settings: {}", fault);
            }
        }
    }

    /// Looks at the files no more.
    @Override
    public void close() {
        looking.interrupt();
    }
}
