package dispatcher.machine.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.Backoff;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.Trait;
import dispatcher.machine.link.MachineLink;
import dispatcher.protocol.Failures;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.thread.Interruption;
import dispatcher.thread.SteadyThread;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/// Asks machines what they are, and notes the answer: once, again after a day, when another version of Nix answers
/// there, and when a machine is back that was set aside.
///
/// A machine that the settings do not describe is asked as soon as it is there, since it gets no builds before, and
/// after a failure again and again. Any other is asked when a connection is there anyway. A machine that is off is
/// started for this only if it has never said what it is, and a build waits that fits no other.
///
/// One thread looks which machines are due; each is asked on a thread of its own, [#AT_ONCE] at a time. Safe for any
/// thread; nobody is asked and nothing is reported with the lock held.
final class Describer implements AutoCloseable {
    static final Duration VALID = Duration.ofDays(1);
    static final Duration LOOK = Duration.ofSeconds(5);
    static final Duration AFTER_NONSENSE = Duration.ofHours(1);
    private static final int AT_ONCE = 32;

    private final RegisteredMachines machines;
    private final Descriptions descriptions;
    private final DispatcherListener listener;
    private final InstantSource clock;
    private final Prober prober;
    private final Semaphore askedAtOnce = new Semaphore(AT_ONCE);
    private final Thread looking = SteadyThread.unstarted("descriptions", this::looksAgain);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /// Of each machine that there is.
    @GuardedBy("lock")
    private final Map<MachineLink, Course> courses = new HashMap<>();

    @GuardedBy("lock")
    private boolean woken;

    @GuardedBy("lock")
    private boolean closed;

    /// Asks one machine.
    interface Prober {
        /// As [MachineLink#probe].
        Optional<MachineDescription> probe(MachineLink link, MachineLink.Asking asking)
                throws IOException, InterruptedException;
    }

    /// How it goes with asking one machine.
    private static final class Course {
        private boolean running;
        private boolean wasAside;
        private Optional<String> greeted = Optional.empty();
        private boolean outdated;

        /// A build waits that no machine fits: it is started if it is off.
        private boolean wanted;

        /// It answered, and the answer lacks something: only another answer helps.
        private boolean lacking;

        private int failures;
        private Instant notBefore = Instant.MIN;
    }

    Describer(
            RegisteredMachines machines,
            Descriptions descriptions,
            DispatcherListener listener,
            InstantSource clock,
            Prober prober) {
        this.machines = machines;
        this.descriptions = descriptions;
        this.listener = listener;
        this.clock = clock;
        this.prober = prober;
    }

    void start() {
        looking.start();
    }

    /// Machines have come or changed.
    void wake() {
        lock.lock();
        try {
            woken = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean looksAgain() throws InterruptedException {
        lookNow();
        lock.lock();
        try {
            long left = LOOK.toNanos();
            while (!woken && !closed && left > 0) left = changed.awaitNanos(left);
            woken = false;
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /// Begins to ask all that are due.
    void lookNow() {
        var all = machines.all();
        forgetAllBut(all.stream().map(RegisteredMachine::link).collect(Collectors.toSet()));
        for (var machine : all)
            if (begin(machine))
                Thread.ofVirtual().name("description of " + machine.name()).start(() -> ask(machine));
    }

    /// Whether a machine is being asked now.
    boolean isAsking() {
        lock.lock();
        try {
            return courses.values().stream().anyMatch(course -> course.running);
        } finally {
            lock.unlock();
        }
    }

    /// When a machine is asked again that did not answer as it should; empty if there is none of that kind, or it may
    /// be
    /// asked now.
    Optional<Instant> nextQuestion(MachineLink link) {
        var now = clock.instant();
        lock.lock();
        try {
            return Optional.ofNullable(courses.get(link))
                    .map(course -> course.notBefore)
                    .filter(now::isBefore);
        } finally {
            lock.unlock();
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    private void forgetAllBut(Set<MachineLink> links) {
        lock.lock();
        try {
            courses.keySet().retainAll(links);
        } finally {
            lock.unlock();
        }
    }

    /// Whether it is due; if so, it counts as being asked from now on.
    private boolean begin(RegisteredMachine machine) {
        var snapshot = machine.snapshot();
        var greeted = machine.link().greetedBy();
        var said = descriptions.of(machine.stated());
        var now = clock.instant();
        lock.lock();
        try {
            if (closed) return false;
            var course = courses.computeIfAbsent(machine.link(), _ -> new Course());
            boolean aside = snapshot.health().isAside();
            if (course.wasAside && !aside) course.outdated = true;
            course.wasAside = aside;
            var before = course.greeted.or(
                    () -> said.flatMap(known -> known.description().nixVersion()));
            if (greeted.isPresent() && before.isPresent() && !greeted.equals(before)) course.outdated = true;
            if (greeted.isPresent()) course.greeted = greeted;
            if (course.running || now.isBefore(course.notBefore)) return false;
            boolean due = course.outdated
                    || said.isEmpty()
                    || !now.isBefore(said.get().at().plus(VALID));
            if (due) course.running = true;
            return due;
        } finally {
            lock.unlock();
        }
    }

    private void ask(RegisteredMachine machine) {
        try {
            askedAtOnce.acquire();
            try {
                askNow(machine);
            } finally {
                askedAtOnce.release();
            }
        } catch (InterruptedException e) {
            // Nobody needs it any more.
        } finally {
            end(machine);
        }
    }

    private void askNow(RegisteredMachine machine) throws InterruptedException {
        var stated = machine.stated();
        try {
            var answer = prober.probe(machine.link(), asking(machine));
            if (answer.isEmpty() || isClosed()) return;
            var lack = lack(stated, answer.get());
            if (lack.isPresent()) {
                failed(machine, lack.get(), true);
                return;
            }
            if (!machines.describe(machine.link(), answer.get(), clock.instant())) return;
            succeeded(machine);
            listener.machineDescribed(stated, answer.get());
        } catch (IOException e) {
            Interruption.rethrow(e);
            failed(machine, Failures.describe(e), false);
        }
    }

    private MachineLink.Asking asking(RegisteredMachine machine) {
        if (machine.snapshot().machine().isDescribed()) return MachineLink.Asking.CONNECTED;
        lock.lock();
        try {
            var course = courses.get(machine.link());
            return course != null && course.wanted ? MachineLink.Asking.STARTING : MachineLink.Asking.RUNNING;
        } finally {
            lock.unlock();
        }
    }

    /// What is missing in an answer without which a machine gets no builds.
    private static Optional<String> lack(Machine stated, MachineDescription said) {
        if (said.equals(MachineDescription.NOTHING))
            return Optional.of("it runs no command but Nix's for this login, and so cannot be asked what it is; write"
                    + " `systems`, `maxJobs` and `supportedFeatures` into its entry");
        if (stated.unstated().contains(Trait.SYSTEMS) && said.systems().isEmpty())
            return Optional.of(
                    "neither `nix config show` nor `nix show-config` says there what its Nix builds for; write"
                            + " `systems` into its entry, or see that this login finds nix");
        return Optional.empty();
    }

    private void succeeded(RegisteredMachine machine) {
        lock.lock();
        try {
            var course = courses.get(machine.link());
            if (course == null) return;
            course.outdated = false;
            course.lacking = false;
            course.wanted = false;
            course.failures = 0;
        } finally {
            lock.unlock();
        }
    }

    private void failed(RegisteredMachine machine, String why, boolean lacking) {
        boolean described = machine.snapshot().machine().isDescribed();
        var now = clock.instant();
        lock.lock();
        try {
            var course = courses.get(machine.link());
            if (course == null) return;
            course.failures++;
            course.lacking = lacking;
            var pause = described || lacking
                    ? AFTER_NONSENSE
                    : Backoff.after(course.failures, Duration.ZERO, ThreadLocalRandom.current());
            course.notBefore = now.plus(pause);
        } finally {
            lock.unlock();
        }
        if (!machines.isCurrent(machine.link())) return;
        if (descriptions.problem(machine.name(), why) && !described) listener.machineNotDescribed(machine.name(), why);
    }

    private void end(RegisteredMachine machine) {
        lock.lock();
        try {
            var course = courses.get(machine.link());
            if (course != null) course.running = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Waits while no machine fits a build and one may yet say that it does, but no longer than `limit`. Meanwhile
    /// machines that are off and have never said it are started; of a pool, one.
    ///
    /// @param over asked now and then: whether not to wait any more
    /// @return whether a machine fits now
    boolean awaitFitting(SchedulingKey need, Duration limit, BooleanSupplier over) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            var all = machines.all();
            startSome(all);
            // First, as a machine may say what it is in between: then it must be seen that it fits.
            boolean isOpen = all.stream().anyMatch(this::mayYetBeDescribed);
            if (machines.all().stream().anyMatch(machine -> fits(machine, need))) return true;
            long left = Math.min(end - System.nanoTime(), Duration.ofSeconds(1).toNanos());
            if (left <= 0 || over.getAsBoolean() || !isOpen) return false;
            lock.lockInterruptibly();
            try {
                if (closed) return false;
                var _ = changed.awaitNanos(left);
            } finally {
                lock.unlock();
            }
        }
    }

    private void startSome(Collection<RegisteredMachine> all) {
        var pools = new HashSet<Pool>();
        boolean isNew = false;
        lock.lock();
        try {
            for (var machine : all) {
                if (!isStartable(machine)) continue;
                var member = machine.stated().onDemand().flatMap(OnDemand::pool);
                if (member.isPresent() && !pools.add(member.get().pool())) continue;
                var course = courses.computeIfAbsent(machine.link(), _ -> new Course());
                isNew |= !course.wanted && !course.lacking;
                course.wanted |= !course.lacking;
            }
        } finally {
            lock.unlock();
        }
        if (isNew) wake();
    }

    private static boolean isStartable(RegisteredMachine machine) {
        var now = machine.snapshot();
        return !now.machine().isDescribed() && !now.drained() && machine.link().isOff();
    }

    private static boolean fits(RegisteredMachine machine, SchedulingKey need) {
        return Fitness.isFit(machine.snapshot().machine(), need);
    }

    private boolean mayYetBeDescribed(RegisteredMachine machine) {
        if (machine.snapshot().machine().isDescribed()) return false;
        boolean isOff = machine.link().isOff();
        lock.lock();
        try {
            var course = courses.get(machine.link());
            return course == null ? !isOff : !course.lacking && (course.wanted || !isOff);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        looking.interrupt();
    }
}
