package dispatcher.dispatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.event.DispatcherListener;
import dispatcher.fleet.Backoff;
import dispatcher.fleet.Incidents;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.BuildQueue.Ticket;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Fitness;
import dispatcher.wire.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Sets machines aside that broke, and brings them back. A machine that is set aside is looked at now and then by a
/// thread of its own, which opens a conversation with it; when that goes well it is used again. So no build ever waits
/// for a machine that is known to be broken, and nobody but this thread bothers one that has just come back.
///
/// Also ends the waiting of builds whose machines have all been away for too long.
///
/// Safe for any thread. The lock is never held over I/O or a call to somebody else.
final class Recovery implements AutoCloseable {
    private final MachineLinks links;
    private final BuildQueue queue;
    private final Supplier<Duration> patience;
    private final Pauses pauses;
    private final LongSupplier nanoTime;
    private final DispatcherListener listener;
    private volatile boolean ending;
    private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();

    @GuardedBy("lock")
    private final Map<String, Aside> aside = new HashMap<>();

    /// How often it was set aside since a build was last done there.
    @GuardedBy("lock")
    private final Map<String, Integer> failures = new HashMap<>();

    @GuardedBy("lock")
    private final Incidents incidents = new Incidents();

    @GuardedBy("lock")
    private boolean closed;

    private record Aside(long since, String error, Thread thread) {}

    /// Lets time pass.
    interface Pauses {
        void pause(Duration duration) throws InterruptedException;
    }

    Recovery(
            MachineLinks links,
            BuildQueue queue,
            Supplier<Duration> patience,
            Pauses pauses,
            LongSupplier nanoTime,
            DispatcherListener listener) {
        this.links = links;
        this.queue = queue;
        this.patience = patience;
        this.pauses = pauses;
        this.nanoTime = nanoTime;
        this.listener = listener;
    }

    /// A machine, or the way to it, broke: nothing goes there before it has been found to work. A way that is not taken
    /// any more says nothing of where the machine is now.
    void failed(MachineLink link, String error) {
        setAside(link, error, 1);
    }

    /// A machine said what is not so. It is set aside for long, as it may answer well when it is only looked at.
    void lied(MachineLink link, String error) {
        setAside(link, error, Backoff.FAILURES_TO_LONGEST);
    }

    private void setAside(MachineLink link, String error, int weight) {
        if (!links.isCurrent(link)) return;
        var machine = link.machine().name();
        queue.machineFailed(machine, error);
        Thread thread;
        lock.lock();
        try {
            var before = aside.get(machine);
            if (before != null) aside.put(machine, new Aside(before.since, error, before.thread));
            if (closed || before != null) return;
            failures.merge(machine, weight, Integer::sum);
            incidents.add(machine, nanoTime.getAsLong());
            thread = Thread.ofVirtual().name("recovery of " + machine).unstarted(() -> recover(link));
            aside.put(machine, new Aside(nanoTime.getAsLong(), error, thread));
        } finally {
            lock.unlock();
        }
        listener.machineSetAside(machine, error);
        thread.start();
        review();
        // Replaced meanwhile, by somebody who may not have seen that it was set aside.
        if (!links.isCurrent(link)) forget(Set.of(machine));
    }

    /// A machine did its part in a build: whatever it was set aside for is over.
    void worked(MachineLink link) {
        if (!links.isCurrent(link)) return;
        var machine = link.machine().name();
        lock.lock();
        try {
            failures.remove(machine);
        } finally {
            lock.unlock();
        }
        queue.machineWorked(machine);
        isBack(machine);
    }

    /// These machines are gone, or somewhere else now: what was held against them does not count any more.
    void forget(Set<String> machines) {
        for (var machine : machines) {
            Aside before;
            lock.lock();
            try {
                failures.remove(machine);
                incidents.forget(machine);
                before = aside.remove(machine);
                returned.signalAll();
            } finally {
                lock.unlock();
            }
            if (before != null) before.thread.interrupt();
            queue.machineWorked(machine);
        }
    }

    private void isBack(String machine) {
        Aside before;
        lock.lock();
        try {
            before = aside.remove(machine);
            returned.signalAll();
        } finally {
            lock.unlock();
        }
        if (before == null) return;
        if (!before.thread.equals(Thread.currentThread())) before.thread.interrupt();
        listener.machineBack(machine, Duration.ofNanos(nanoTime.getAsLong() - before.since));
    }

    /// Waits until one of these machines is not set aside, for as long as builds wait for machines.
    ///
    /// @return whether there is one
    boolean awaitAny(Set<String> machines) throws InterruptedException {
        long left = patience.get().toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                var there = machines.stream().filter(links::has).toList();
                if (there.isEmpty()) return false;
                if (!aside.keySet().containsAll(there)) return true;
                if (left <= 0) return false;
                left = returned.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void recover(MachineLink link) {
        var machine = link.machine().name();
        try {
            while (true) {
                pause(machine, Backoff.after(failures(machine), away(machine), ThreadLocalRandom.current()));
                try {
                    link.look();
                    if (!links.isCurrent(link)) return;
                    queue.machineAnswered(machine);
                    isBack(machine);
                    return;
                } catch (IOException e) {
                    Interruption.rethrow(e);
                    failed(link, Failures.describe(e));
                }
            }
        } catch (InterruptedException e) {
            // It has worked meanwhile, or all of this ends.
        }
    }

    /// In between is the moment in which builds that wait for this machine have done so for long enough.
    private void pause(String machine, Duration whole) throws InterruptedException {
        var left = patience.get().minus(away(machine));
        boolean between = left.isPositive() && left.compareTo(whole) < 0;
        if (between) {
            pauses.pause(left);
            review();
        }
        pauses.pause(between ? whole.minus(left) : whole);
    }

    private int failures(String machine) {
        lock.lock();
        try {
            return failures.getOrDefault(machine, 1);
        } finally {
            lock.unlock();
        }
    }

    /// How often it was set aside in the last hour.
    int failuresLately(String machine) {
        lock.lock();
        try {
            return incidents.lately(machine, nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    /// For how long it has been set aside; zero if it is not.
    private Duration away(String machine) {
        lock.lock();
        try {
            var since = aside.get(machine);
            return since == null ? Duration.ZERO : Duration.ofNanos(nanoTime.getAsLong() - since.since);
        } finally {
            lock.unlock();
        }
    }

    // ---- builds that wait in vain

    /// To be opened once a build waits in the queue, and closed when it does so no longer. In between it is refused if
    /// all its machines have been away for too long.
    Waiting waiting(Ticket ticket, Set<String> excluded) {
        var build = new Waiting(ticket, Set.copyOf(excluded));
        waiting.add(build);
        build.review();
        return build;
    }

    private void review() {
        waiting.forEach(Waiting::review);
    }

    /// Ends the waiting of all builds, also of those that begin to wait from now on.
    void endWaiting() {
        ending = true;
        review();
    }

    /// Machine to what is wrong with it, of all that fit; empty if some fits that is not set aside, or not long enough.
    private Map<String, String> allAway(BuildRequest request, Set<String> excluded) {
        var now = nanoTime.getAsLong();
        var reasons = new LinkedHashMap<String, String>();
        lock.lock();
        try {
            for (var link : links.all()) {
                var name = link.machine().name();
                if (excluded.contains(name)
                        || Fitness.objection(link.machine(), request).isPresent()) continue;
                var since = aside.get(name);
                if (since == null || now - since.since < patience.get().toNanos()) return Map.of();
                reasons.put(name, since.error);
            }
        } finally {
            lock.unlock();
        }
        return reasons;
    }

    /// A build that waits in the queue.
    final class Waiting implements AutoCloseable {
        private final Ticket ticket;
        private final Set<String> excluded;

        private Waiting(Ticket ticket, Set<String> excluded) {
            this.ticket = ticket;
            this.excluded = excluded;
        }

        private void review() {
            var away = allAway(ticket.request(), excluded);
            if (ending || !away.isEmpty()) ticket.refuse(away);
        }

        @Override
        public void close() {
            waiting.remove(this);
        }
    }

    @Override
    public void close() {
        List<Aside> all;
        lock.lock();
        try {
            closed = true;
            all = List.copyOf(aside.values());
        } finally {
            lock.unlock();
        }
        for (var machine : all) machine.thread.interrupt();
    }
}
