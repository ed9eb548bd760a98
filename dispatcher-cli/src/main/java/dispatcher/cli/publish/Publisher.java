package dispatcher.cli.publish;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.event.DispatcherListener;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Publishes the outputs of builds that went well, as the settings say. No build waits for it, and no result depends
/// on it: a failure is tried again after a growing pause, and is a line of the log in the end.
///
/// At most [#MOST_WAITING] builds wait for their turn; those that come then are left out, which the log says once for
/// each time that this begins. What waits when the program stops is left out, too. Safe for any thread.
public final class Publisher implements DispatcherListener, AutoCloseable {
    static final int MOST_WAITING = 10_000;

    private static final Logger log = LoggerFactory.getLogger(Publisher.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    private final Way way;
    private final Pauses pauses;
    private final int mostWaiting;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private PublishRules rules;

    /// Outputs of builds whose end has not been reported, by the number of the build.
    @GuardedBy("lock")
    private final Map<Long, List<StorePath>> made = new HashMap<>();

    @GuardedBy("lock")
    private final Queue<PublishedBuild> waiting = new ArrayDeque<>();

    @GuardedBy("lock")
    private final Set<Thread> workers = new HashSet<>();

    /// Builds left out since the queue was full; 0 if it has had room since.
    @GuardedBy("lock")
    private long dropped;

    @GuardedBy("lock")
    private boolean closed;

    /// Publishes one build, once.
    interface Way {
        void publish(PublishedBuild build, PublishRules rules) throws IOException, InterruptedException;
    }

    /// Lets time pass.
    interface Pauses {
        void pause(Duration duration) throws InterruptedException;
    }

    /// @param store URI by which a Nix on this host reaches the dispatcher; asked again each time
    public Publisher(PublishRules rules, Supplier<String> store) {
        this(rules, new PublishCommand(store), Thread::sleep, MOST_WAITING);
    }

    Publisher(PublishRules rules, Way way, Pauses pauses, int mostWaiting) {
        this.rules = rules;
        this.way = way;
        this.pauses = pauses;
        this.mostWaiting = mostWaiting;
    }

    /// Other rules count for the next attempt.
    public void change(PublishRules newRules) {
        lock.lock();
        try {
            rules = newRules;
            if (!rules.isOn()) waiting.clear();
            startWorkers();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void outputsMade(long build, StorePath drvPath, String machine, Map<StorePath, Long> outputs) {
        lock.lock();
        try {
            if (rules.isOn() && !outputs.isEmpty()) made.put(build, List.copyOf(outputs.keySet()));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        lock.lock();
        try {
            var outputs = made.remove(build);
            if (outputs == null || !status.isSuccess() || closed || !rules.isOn()) return;
            add(new PublishedBuild(drvPath, machine, outputs));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        forget(build);
    }

    @Override
    public void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {
        forget(build);
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        forget(build);
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        forget(build);
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        forget(build);
    }

    private void forget(long build) {
        lock.lock();
        try {
            made.remove(build);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void add(PublishedBuild build) {
        if (waiting.size() >= mostWaiting) {
            if (dropped++ == 0)
                log.atWarn()
                        .addKeyValue("waiting", waiting.size())
                        .log("outputs come faster than they can be published; those of new builds are left out until"
                                + " there is room. Raise publish.parallel, or see why the command is slow");
            return;
        }
        if (dropped > 0) log.atWarn().addKeyValue("leftOut", dropped).log("outputs are published again");
        dropped = 0;
        waiting.add(build);
        startWorkers();
    }

    @GuardedBy("lock")
    private void startWorkers() {
        int wanted = Math.min(rules.parallel(), workers.size() + waiting.size());
        while (!closed && workers.size() < wanted) {
            var worker = Thread.ofVirtual().name("publish outputs").unstarted(this::work);
            workers.add(worker);
            worker.start();
        }
    }

    private void work() {
        try {
            for (var next = next(); next.isPresent(); next = next()) publish(next.get());
        } catch (InterruptedException e) {
            // The program stops.
        } finally {
            lock.lock();
            try {
                workers.remove(Thread.currentThread());
            } finally {
                lock.unlock();
            }
        }
    }

    /// The next build. A worker without one is none any more, from the same moment on.
    private Optional<PublishedBuild> next() {
        lock.lock();
        try {
            boolean enough = closed || workers.size() > rules.parallel();
            var next = Optional.ofNullable(enough ? null : waiting.poll());
            if (next.isEmpty()) workers.remove(Thread.currentThread());
            return next;
        } finally {
            lock.unlock();
        }
    }

    private PublishRules rules() {
        lock.lock();
        try {
            return rules;
        } finally {
            lock.unlock();
        }
    }

    private void publish(PublishedBuild build) throws InterruptedException {
        var pause = FIRST_PAUSE;
        for (int attempt = 1; ; attempt++) {
            var now = rules();
            if (!now.isOn()) return;
            var failure = attempt(build, now);
            if (failure.isEmpty()) return;
            boolean last = attempt >= now.attempts();
            log.atWarn()
                    .addKeyValue("drv", build.drvPath())
                    .addKeyValue("outputs", build.paths())
                    .addKeyValue("attempt", attempt)
                    .addKeyValue("why", failure.get())
                    .log(last ? "outputs were not published" : "outputs could not be published yet");
            if (last) return;
            pauses.pause(pause);
            pause = pause.multipliedBy(2);
            if (pause.compareTo(LONGEST_PAUSE) > 0) pause = LONGEST_PAUSE;
        }
    }

    /// Why it failed; empty if it did not.
    private Optional<String> attempt(PublishedBuild build, PublishRules now) throws InterruptedException {
        try {
            way.publish(build, now);
            return Optional.empty();
        } catch (IOException e) {
            Interruption.rethrow(e);
            return Optional.of(String.valueOf(e.getMessage()));
        } catch (UserFacingException e) {
            return Optional.of("%s; %s".formatted(e.getMessage(), e.next()));
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("bug: outputs could not be published");
            return Optional.of(e.toString());
        }
    }

    /// Ends the commands that run, and waits for that.
    @Override
    public void close() {
        List<Thread> running;
        lock.lock();
        try {
            if (closed) return;
            closed = true;
            running = List.copyOf(workers);
            int left = waiting.size() + running.size();
            if (left > 0)
                log.atWarn().addKeyValue("builds", left).log("stopping: outputs of these builds are not published");
            waiting.clear();
        } finally {
            lock.unlock();
        }
        running.forEach(Thread::interrupt);
        try {
            for (var worker : running) worker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
