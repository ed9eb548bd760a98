package dispatcher.machine.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.Backoff;
import dispatcher.machine.Incidents;
import dispatcher.machine.MachineHealth;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.StorePath;
import dispatcher.protocol.Failures;
import dispatcher.protocol.HandshakeException;
import dispatcher.schedule.BuildQueue.Ticket;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Fitness;
import dispatcher.thread.Interruption;
import dispatcher.thread.SteadyThread;
import dispatcher.wire.FalseAnswerException;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Sets machines aside that broke, and brings them back. A machine that is set aside is looked at now and then by
/// a thread of its own, which opens a conversation with it; when that goes well it is used again. So no build
/// ever waits for a machine that is known to be broken, and nobody but this thread bothers one that has just come
/// back. A machine that said what is not so is not even looked at for a time.
///
/// Also ends the waiting of builds whose machines have all been away for too long.
///
/// All changes of a machine's health are made here. Safe for any thread. The lock is never held over I/O or a call to
/// somebody else, but for noting a machine's health: so who is set aside and what the health says are always the same.
public final class Recovery implements AutoCloseable {
    private static final Duration LIES_COUNT_FOR = Duration.ofDays(7);
    private static final int MOST_CONTRADICTIONS = 10_000;

    private final RegisteredMachines machines;
    private final Supplier<Duration> patience;
    private final Pauses pauses;
    private final InstantSource clock;
    private final LongSupplier nanoTime;
    private final DispatcherListener listener;
    private volatile boolean ending;
    private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();

    @GuardedBy("lock")
    private final Map<String, Aside> aside = new HashMap<>();

    /// When machines came back last.
    @GuardedBy("lock")
    private final Map<String, Long> backAt = new HashMap<>();

    @GuardedBy("lock")
    private final Incidents incidents = new Incidents(Incidents.LATELY);

    @GuardedBy("lock")
    private boolean closed;

    /// How often machines have lied lately.
    @GuardedBy("lock")
    private final Incidents lies = new Incidents(LIES_COUNT_FOR);

    /// How often machines have said lately what makes no sense.
    @GuardedBy("lock")
    private final Incidents garbage = new Incidents(Incidents.LATELY);

    /// How often a machine has contradicted itself about a path.
    private final Cache<Contradiction, Integer> contradictions = Caffeine.newBuilder()
            .maximumSize(MOST_CONTRADICTIONS)
            .expireAfterWrite(Incidents.LATELY)
            .build();

    private record Contradiction(String machine, StorePath path) {}

    /// @param heldUntil what happens before does not bring it back; not after `since` if it gave no false answer
    /// @param nextLook  when it is looked at next; empty while it is being looked at
    private record Aside(long since, String error, long heldUntil, Optional<Instant> nextLook, Thread thread) {
        Aside again(String newError, long newHeldUntil, Optional<Instant> newLook) {
            return new Aside(since, newError, newHeldUntil, newLook, thread);
        }

        Aside looking(Optional<Instant> next) {
            return new Aside(since, error, heldUntil, next, thread);
        }

        /// Words for how long that is; empty if it is not at all.
        Optional<String> held() {
            long minutes = Duration.ofNanos(heldUntil - since).toMinutes();
            return minutes > 0
                    ? Optional.of("; it is not used for %d min, whatever it does".formatted(minutes))
                    : Optional.empty();
        }
    }

    /// Lets time pass.
    interface Pauses {
        void pause(Duration duration) throws InterruptedException;
    }

    /// @param clock    for times that people see
    /// @param nanoTime for what passes
    Recovery(
            RegisteredMachines machines,
            Supplier<Duration> patience,
            Pauses pauses,
            InstantSource clock,
            LongSupplier nanoTime,
            DispatcherListener listener) {
        this.machines = machines;
        this.patience = patience;
        this.pauses = pauses;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.listener = listener;
    }

    /// Talking to a machine came to this.
    public void broke(MachineLink link, IOException failure) {
        var reason = Failures.describe(failure);
        switch (failure) {
            case FalseAnswerException _ -> answeredFalsely(link, reason);
            case HandshakeException _ -> failed(link, reason);
            case ProtocolException _ -> garbled(link, reason);
            default -> failed(link, reason);
        }
    }

    /// What a machine said makes no sense. A crash of its Nix may explain that once in an hour; more often, a
    /// look at the machine does not show that it has ended.
    private void garbled(MachineLink link, String reason) {
        boolean again;
        lock.lock();
        try {
            long now = nanoTime.getAsLong();
            garbage.add(link.machine().name(), now);
            again = garbage.lately(link.machine().name(), now) > 1;
        } finally {
            lock.unlock();
        }
        setAside(link, reason, again);
    }

    /// A machine, or the way to it, broke: nothing goes there before it has been found to work. A way that is not
    /// taken any more says nothing of where the machine is now.
    void failed(MachineLink link, String error) {
        setAside(link, error, false);
    }

    /// A machine said what is not so. It is set aside for a time, longer with each lie of late: neither a look at it
    /// nor another build of its shows that it has stopped to lie.
    public void answeredFalsely(MachineLink link, String error) {
        setAside(link, error, true);
    }

    /// A machine says now of a path something else than it did before. Garbage collection may explain it once,
    /// and not twice for the same path.
    public void contradicted(MachineLink link, StorePath path, String reason) {
        int times =
                contradictions.asMap().merge(new Contradiction(link.machine().name(), path), 1, Integer::sum);
        if (times > 1) answeredFalsely(link, reason);
    }

    private void setAside(MachineLink link, String error, boolean lie) {
        RegisteredMachines.Change failed;
        Aside begun;
        lock.lock();
        try {
            var noted = noteHealth(link, health -> health.failed(clock.instant(), error));
            if (noted.isEmpty()) return;
            failed = noted.get();
            begun = noteAside(link, error, lie);
        } finally {
            lock.unlock();
        }
        if (begun == null) {
            machines.publish(failed);
            return;
        }
        try {
            machines.publish(failed);
            listener.machineSetAside(
                    link.machine().name(), begun.held().map(error::concat).orElse(error));
        } finally {
            begun.thread.start();
        }
        review();
    }

    private Optional<RegisteredMachines.Change> noteHealth(MachineLink link, UnaryOperator<MachineHealth> change) {
        return machines.note(link, snapshot -> snapshot.withHealth(change.apply(snapshot.health())));
    }

    /// @return null if it was set aside before, or nobody will look at it any more
    @GuardedBy("lock")
    private @Nullable Aside noteAside(MachineLink link, String error, boolean lie) {
        var machine = link.machine().name();
        long time = nanoTime.getAsLong();
        var before = aside.get(machine);
        long until = before == null ? time : before.heldUntil;
        // Builds that ran at the same time get the same false answer.
        if (lie && until - time <= 0) until = time + holdFor(machine, time).toNanos();
        var held = clock.instant().plusNanos(until - time);
        if (before != null)
            aside.put(
                    machine,
                    before.again(error, until, before.nextLook.map(look -> look.isBefore(held) ? held : look)));
        if (closed || before != null) return null;
        incidents.add(machine, time);
        var reviewed = new AtomicReference<>(Duration.ZERO);
        var thread = SteadyThread.unstarted("recovery of " + machine, () -> looksAgain(link, reviewed));
        var now = new Aside(time, error, until, Optional.empty(), thread);
        aside.put(machine, now);
        return now;
    }

    @GuardedBy("lock")
    private Duration holdFor(String machine, long time) {
        lies.add(machine, time);
        return Backoff.afterLies(lies.lately(machine, time));
    }

    /// A machine did its part in a build: whatever it was set aside for is over, but for a lie.
    public void worked(MachineLink link) {
        takeBack(link, _ -> MachineHealth.GOOD);
    }

    /// These machines are gone, or somewhere else now: what was held against them does not count any more.
    void forget(Set<String> names) {
        for (var machine : names) {
            Aside before;
            Optional<RegisteredMachines.Change> good;
            lock.lock();
            try {
                incidents.forget(machine);
                lies.forget(machine);
                garbage.forget(machine);
                backAt.remove(machine);
                before = aside.remove(machine);
                good = machines.note(machine, snapshot -> snapshot.withHealth(MachineHealth.GOOD));
                returned.signalAll();
            } finally {
                lock.unlock();
            }
            if (before != null) before.thread.interrupt();
            contradictions.asMap().keySet().removeIf(contradiction -> contradiction.machine.equals(machine));
            good.ifPresent(machines::publish);
        }
    }

    /// A machine works, as far as one that is not held for a lie can.
    ///
    /// @param better what that makes of its health
    /// @return whether it is not set aside any more
    private boolean takeBack(MachineLink link, UnaryOperator<MachineHealth> better) {
        var machine = link.machine().name();
        Aside before;
        RegisteredMachines.Change change;
        lock.lock();
        try {
            before = aside.get(machine);
            if (before != null && isHeld(before)) return false;
            var noted = noteHealth(link, better);
            if (noted.isEmpty()) return false;
            change = noted.get();
            if (aside.remove(machine) != null) backAt.put(machine, nanoTime.getAsLong());
            returned.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            // Before builds go there again.
            if (before != null) reportBack(machine, before);
        } finally {
            machines.publish(change);
        }
        return true;
    }

    private void reportBack(String machine, Aside before) {
        if (!before.thread.equals(Thread.currentThread())) before.thread.interrupt();
        listener.machineBack(machine, Duration.ofNanos(nanoTime.getAsLong() - before.since));
    }

    private void noteNextLook(String machine, Optional<Instant> at) {
        lock.lock();
        try {
            aside.computeIfPresent(machine, (_, now) -> now.looking(at));
        } finally {
            lock.unlock();
        }
    }

    /// When a machine that is set aside is looked at next; empty if it is not, or is being looked at now.
    Optional<Instant> nextLook(String machine) {
        var now = asideNow(machine);
        return now == null ? Optional.empty() : now.nextLook;
    }

    private @Nullable Aside asideNow(String machine) {
        lock.lock();
        try {
            return aside.get(machine);
        } finally {
            lock.unlock();
        }
    }

    private boolean isHeld(Aside machine) {
        return machine.heldUntil - nanoTime.getAsLong() > 0;
    }

    /// Waits until one of these machines is not set aside, for as long as builds wait for machines.
    ///
    /// @return whether there is one
    public boolean awaitAny(Set<String> names) throws InterruptedException {
        long left = patience.get().toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                var there = names.stream().filter(machines::has).toList();
                if (there.isEmpty()) return false;
                if (!aside.keySet().containsAll(there)) return true;
                if (left <= 0) return false;
                left = returned.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /// One look, after a pause. Interrupted if it has worked meanwhile, or all of this ends.
    ///
    /// @param reviewed how long builds waited when its absence last had them reviewed; zero before
    /// @return whether there is to be another
    private boolean looksAgain(MachineLink link, AtomicReference<Duration> reviewed) throws InterruptedException {
        var machine = link.machine().name();
        var pause = nextPause(machine);
        noteNextLook(machine, Optional.of(clock.instant().plus(pause)));
        pause(machine, pause, reviewed);
        noteNextLook(machine, Optional.empty());
        var now = asideNow(machine);
        if (now != null && isHeld(now)) return true;
        try {
            link.look();
            return !takeBack(link, MachineHealth::answered) && machines.isCurrent(link);
        } catch (IOException e) {
            Interruption.rethrow(e);
            failed(link, Failures.describe(e));
            return true;
        }
    }

    /// A machine has let us know that it is there: one look at once, beside those of its thread. That it fails changes
    /// nothing.
    void announced(MachineLink link) {
        var now = asideNow(link.machine().name());
        if (now == null || isHeld(now)) return;
        try {
            link.look();
            boolean _ = takeBack(link, MachineHealth::answered);
        } catch (IOException e) {
            // Its thread goes on looking.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Until it is looked at next: not before the time for its lies is over.
    private Duration nextPause(String machine) {
        var usual = Backoff.after(failures(machine), away(machine), ThreadLocalRandom.current());
        var now = asideNow(machine);
        if (now == null) return usual;
        var held = Duration.ofNanos(now.heldUntil - nanoTime.getAsLong());
        return held.compareTo(usual) > 0 ? held : usual;
    }

    /// Reviews the builds that wait as soon as this machine has been away for as long as they wait: during
    /// the pause, or before it if that time ended during the last look.
    private void pause(String machine, Duration whole, AtomicReference<Duration> reviewed) throws InterruptedException {
        var limit = patience.get();
        var left = limit.minus(away(machine));
        var rest = whole;
        if (left.compareTo(whole) < 0 && reviewed.get().compareTo(limit) < 0) {
            if (left.isPositive()) {
                pauses.pause(left);
                rest = whole.minus(left);
            }
            review();
            reviewed.set(limit);
        }
        pauses.pause(rest);
    }

    /// How often it was set aside since a build was last done there.
    private int failures(String machine) {
        return machines.snapshot(machine)
                .map(snapshot -> snapshot.health().failures())
                .orElse(1);
    }

    /// How often it was set aside in the last hour.
    public int failuresLately(String machine) {
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

    /// To be opened once a build waits in the queue, and closed when it does so no longer. In between it is
    /// refused if all its machines have been away for too long.
    public Waiting waiting(Ticket ticket, Set<String> excluded) {
        var build = new Waiting(ticket, Set.copyOf(excluded));
        waiting.add(build);
        build.review();
        return build;
    }

    /// Refuses the builds whose machines have all been away for as long as builds wait.
    void review() {
        waiting.forEach(Waiting::review);
    }

    /// Ends the waiting of all builds, also of those that begin to wait from now on.
    public void endWaiting() {
        ending = true;
        review();
    }

    /// All machines that fit a build are set aside.
    ///
    /// @param since   when the last of them was
    /// @param reasons machine to what is wrong with it
    private record AllAway(long since, Map<String, String> reasons) {}

    /// Empty if none fits, or some does that is not set aside.
    private Optional<AllAway> allAway(BuildRequest request, Set<String> excluded) {
        var reasons = new LinkedHashMap<String, String>();
        long latest = 0;
        lock.lock();
        try {
            for (var machine : machines.all()) {
                var name = machine.name();
                if (excluded.contains(name)
                        || Fitness.objection(machine.link().machine(), request).isPresent()) continue;
                var since = aside.get(name);
                if (since == null) return Optional.empty();
                latest = reasons.isEmpty() ? since.since : Math.max(latest, since.since);
                reasons.put(name, since.error);
            }
        } finally {
            lock.unlock();
        }
        return reasons.isEmpty() ? Optional.empty() : Optional.of(new AllAway(latest, reasons));
    }

    /// When the first of these came back that was away since then; now if none is back.
    private long firstBack(AllAway away) {
        long first = nanoTime.getAsLong();
        lock.lock();
        try {
            for (var name : away.reasons.keySet()) {
                var back = backAt.get(name);
                if (back != null && back - away.since >= 0 && back - first < 0) first = back;
            }
        } finally {
            lock.unlock();
        }
        return first;
    }

    /// A build that waits in the queue.
    public final class Waiting implements AutoCloseable {
        private final Ticket ticket;
        private final Set<String> excluded;
        private final long since = nanoTime.getAsLong();

        /// The first time that all its machines were away.
        private volatile Optional<AllAway> firstAway = Optional.empty();

        private Waiting(Ticket ticket, Set<String> excluded) {
            this.ticket = ticket;
            this.excluded = excluded;
        }

        private void review() {
            var away = allAway(ticket.request(), excluded);
            if (away.isPresent() && firstAway.isEmpty()) firstAway = away;
            boolean forLong = away.isPresent()
                    && nanoTime.getAsLong() - away.get().since >= patience.get().toNanos();
            if (ending || forLong) ticket.refuse(forLong ? away.get().reasons : Map.of());
        }

        /// For how long all its machines have been away while it waited: from the first time on until one of them was
        /// back.
        public Duration away() {
            var away = firstAway;
            if (away.isEmpty()) return Duration.ZERO;
            long begun = away.get().since - since > 0 ? away.get().since : since;
            return Duration.ofNanos(Math.max(0, firstBack(away.get()) - begun));
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
