package dispatcher.schedule;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.Machine;
import dispatcher.nix.StorePath;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.SchedulerOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The scheduler as the service has it: builds that wait for a machine on threads of their own, and the slots of the
/// machines.
///
/// Safe for any thread. One lock guards the [Scheduler]; it is never held over I/O or a call to somebody else.
/// It has no thread of its own: each caller moves it on, and one of those who wait keeps the time for all.
///
/// Where the inputs of a build are by now is looked up without the lock, by who has moved the queue on until its
/// turn.
public final class BuildQueue {
    private static final Duration STANDINGS_AGE = Duration.ofSeconds(1);

    /// Standings cost a sort of all who wait; they may take no more than this part of the time.
    private static final int STANDINGS_PART = 100;

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Scheduler scheduler;

    @GuardedBy("lock")
    private final Map<WaitingBuild, Ticket> tickets = new LinkedHashMap<>();

    /// Slots of machines that are not up yet, in which no build has begun.
    @GuardedBy("lock")
    private final Map<RunningBuild, Assignment> unsettled = new HashMap<>();

    /// Who waits no longer than until the scheduler wants to be asked, and asks it for all.
    @GuardedBy("lock")
    private @Nullable Ticket timekeeper;

    @GuardedBy("lock")
    private Map<WaitingBuild, QueuePosition> standings = Map.of();

    /// Of the build whose turn it is, but whose inputs are to be located first.
    private final AtomicReference<@Nullable Ticket> unlocated = new AtomicReference<>();

    private volatile Duration setUp;

    @GuardedBy("lock")
    private Instant standingsUntil = Instant.MIN;

    /// @param machines of which nothing is known but this; none if they come with [#replace]
    public BuildQueue(Collection<Machine> machines, SchedulerOptions options, InstantSource clock) {
        this.clock = clock;
        this.setUp = options.setUp();
        this.scheduler = new Scheduler(machines, options);
    }

    /// How waiting ended.
    public sealed interface Outcome {
        record Assigned(Assignment assignment) implements Outcome {}

        /// @param reasons machine name to its objection
        record NoMachine(Map<String, String> reasons) implements Outcome {}
    }

    /// Takes a build into the queue.
    ///
    /// @param excluded names of machines that it must not go to
    public Ticket submit(BuildRequest request, Set<String> excluded) {
        return submit(request, excluded, clock.instant());
    }

    /// @param since when the build was first wanted, if it comes for another time
    public Ticket submit(BuildRequest request, Set<String> excluded, Instant since) {
        return add(request, excluded, since, null);
    }

    /// @param latestInputs where its inputs are by now, asked now and then while it waits, by any thread that uses the
    ///     queue; never with the lock held
    public Ticket submit(BuildRequest request, Set<String> excluded, Instant since, Supplier<Inputs> latestInputs) {
        return add(request, excluded, since, latestInputs);
    }

    private Ticket add(
            BuildRequest request, Set<String> excluded, Instant since, @Nullable Supplier<Inputs> latestInputs) {
        Ticket ticket;
        lock.lock();
        try {
            var build = scheduler.submit(request, excluded, since, latestInputs != null);
            ticket = new Ticket(build, latestInputs, lock.newCondition());
            tickets.put(build, ticket);
            moveOn();
        } finally {
            lock.unlock();
        }
        locate();
        return ticket;
    }

    /// A second slot for a build that holds one, on another machine: at once or not at all, and only
    /// one that no waiting build could use. For which machines, see [Scheduler#startAgain].
    ///
    /// @param excluded names of machines that it must not go to, beside the one where it is
    /// @param inputs   where its inputs are by now
    public Optional<Assignment> trySpare(Assignment slow, Set<String> excluded, Inputs inputs) {
        return ask(scheduler -> scheduler
                .startAgain(slow.running, excluded, inputs, clock.instant())
                .map(again -> new Assignment(again.running(), again.placement())));
    }

    /// Puts all builds of a derivation that wait before those of any other priority; see [Scheduler#raise].
    ///
    /// @return how many
    public int raise(StorePath drvPath) {
        lock.lock();
        try {
            var raised = tickets.values().stream()
                    .filter(ticket -> ticket.request().drvPath().equals(drvPath))
                    .filter(ticket -> !ticket.request().client().isRaised())
                    .toList();
            for (var ticket : raised) raise(ticket);
            moveOn();
            return raised.size();
        } finally {
            lock.unlock();
            locate();
        }
    }

    @GuardedBy("lock")
    private void raise(Ticket ticket) {
        var before = ticket.build;
        tickets.remove(before);
        ticket.build = scheduler.raise(before, ticket.latestInputs != null);
        tickets.put(ticket.build, ticket);
    }

    // ---- machines

    /// What is known of one machine now. May come on any thread, and after a later one, which then holds.
    public void update(MachineSnapshot latest) {
        enter(scheduler -> scheduler.update(latest));
    }

    /// Makes these the machines. What runs on one that is not among them goes on there. To be called for one change of
    /// the settings after the other; of what is known of each machine, the latest holds here too.
    public void replace(Collection<MachineSnapshot> machines) {
        enter(scheduler -> scheduler.replace(machines));
    }

    /// How builds take their turns from now on.
    public void changeOptions(SchedulerOptions options) {
        setUp = options.setUp();
        enter(scheduler -> scheduler.changeOptions(options));
    }

    // ---- views

    /// What the estimates count for the beginning of each build; see [SchedulerOptions].
    public Duration setUp() {
        return setUp;
    }

    /// The queue and the fleet at this moment.
    public Snapshot snapshot() {
        return ask(scheduler -> {
            var now = clock.instant();
            return new Snapshot(scheduler.machines(), scheduler.standings(now));
        });
    }

    /// @param waiting by priority and age
    public record Snapshot(List<MachineView> machines, List<QueuePosition> waiting) {
        public Snapshot {
            machines = List.copyOf(machines);
            waiting = List.copyOf(waiting);
        }
    }

    /// What would be chosen for a build that came now, and why not the others.
    public Explanation explain(BuildRequest request, Set<String> excluded) {
        return ask(scheduler -> scheduler.explain(request, excluded, clock.instant()));
    }

    // ---- inside

    private <T> T ask(Function<Scheduler, T> question) {
        lock.lock();
        try {
            return question.apply(scheduler);
        } finally {
            lock.unlock();
        }
    }

    /// Does something that may let builds begin, and sees to it that they do.
    private void enter(Consumer<Scheduler> event) {
        lock.lock();
        try {
            event.accept(scheduler);
            moveOn();
        } finally {
            lock.unlock();
        }
        locate();
    }

    /// Finishes what [#moveOn] has left because it was not known where inputs are. The caller holds no lock.
    private void locate() {
        for (var ticket = unlocated.getAndSet(null); ticket != null; ticket = unlocated.getAndSet(null)) {
            located(ticket, ticket.latestInputs());
        }
    }

    private void located(Ticket ticket, Inputs inputs) {
        lock.lock();
        try {
            scheduler.located(ticket.build, inputs, clock.instant());
            moveOn();
        } finally {
            lock.unlock();
        }
    }

    /// The caller holds the lock, and calls [#locate] when it has let go of it.
    @GuardedBy("lock")
    private void moveOn() {
        for (var decision : scheduler.decide(clock.instant())) {
            if (decision instanceof Decision.Moved(var from, var running, var placement)) {
                var before = unsettled.remove(from);
                if (before == null) throw new IllegalStateException("nobody has the slot of " + decision);
                before.move(new Assignment(running, placement));
                continue;
            }
            var ticket = tickets.remove(decision.build());
            if (ticket == null) throw new IllegalStateException("nobody waits for " + decision);
            ticket.end(
                    switch (decision) {
                        case Decision.Assigned(var running, var placement) -> {
                            var assignment = new Assignment(running, placement);
                            if (placement.boot() > 0) unsettled.put(running, assignment);
                            yield new Outcome.Assigned(assignment);
                        }
                        case Decision.Impossible(var _, var reasons) -> new Outcome.NoMachine(reasons);
                        case Decision.Moved _ -> throw new IllegalStateException("it had a slot: " + decision);
                    });
        }
        unlocated.set(scheduler.unlocated().map(tickets::get).orElse(null));
        // It may want to be asked sooner than the one who keeps the time knows.
        if (timekeeper != null) timekeeper.changed.signal();
    }

    @GuardedBy("lock")
    private Optional<QueuePosition> standing(WaitingBuild build) {
        var now = clock.instant();
        if (now.isAfter(standingsUntil)) {
            long begun = System.nanoTime();
            var all = new HashMap<WaitingBuild, QueuePosition>();
            for (var standing : scheduler.standings(now)) all.put(standing.build(), standing);
            standings = all;
            var cost = Duration.ofNanos(System.nanoTime() - begun).multipliedBy(STANDINGS_PART);
            standingsUntil = now.plus(cost.compareTo(STANDINGS_AGE) > 0 ? cost : STANDINGS_AGE);
        }
        return Optional.ofNullable(standings.get(build));
    }

    /// A build's place in the queue. Its owner must wait for it or cancel it.
    public final class Ticket {
        /// Written with the queue's lock held.
        private volatile WaitingBuild build;

        private final @Nullable Supplier<Inputs> latestInputs;
        private final Condition changed;

        /// Guarded by the queue's lock.
        private @Nullable Outcome outcome;

        private Ticket(WaitingBuild build, @Nullable Supplier<Inputs> latestInputs, Condition changed) {
            this.build = build;
            this.latestInputs = latestInputs;
            this.changed = changed;
        }

        public BuildRequest request() {
            return build.request();
        }

        private Inputs latestInputs() {
            return latestInputs == null ? request().inputs() : latestInputs.get();
        }

        public boolean isWaiting() {
            return ask(_ -> outcome == null);
        }

        /// What it may expect; empty if it waits no longer, or came too lately to say. May be some seconds old if
        /// very many wait.
        @SuppressWarnings("GuardedBy")
        public Optional<QueuePosition> standing() {
            return ask(_ -> outcome == null ? BuildQueue.this.standing(build) : Optional.empty());
        }

        /// Waits for a machine. If interrupted, the build leaves the queue, and a slot that it had got is free
        /// again.
        public Outcome await() throws InterruptedException {
            while (true) {
                var ended = await(Duration.ofDays(1));
                if (ended.isPresent()) return ended.get();
            }
        }

        /// The same, but for no longer than `limit`, after which the build still waits.
        public Optional<Outcome> await(Duration limit) throws InterruptedException {
            long deadline = System.nanoTime() + limit.toNanos();
            while (true) {
                try {
                    var ended = awaitEndOrUnlocated(deadline);
                    if (ended.isPresent() || deadline - System.nanoTime() <= 0) return ended;
                } finally {
                    locate();
                }
            }
        }

        /// Also returns with nothing when somebody's inputs are to be located.
        @SuppressWarnings("GuardedBy")
        private Optional<Outcome> awaitEndOrUnlocated(long deadline) throws InterruptedException {
            lock.lock();
            try {
                while (outcome == null && unlocated.get() == null) {
                    long left = deadline - System.nanoTime();
                    if (left <= 0) break;
                    awaitChange(left);
                }
                return Optional.ofNullable(outcome);
            } catch (InterruptedException e) {
                leave();
                throw e;
            } finally {
                if (timekeeper == this) passTimeOn();
                lock.unlock();
            }
        }

        /// May return at any time, as conditions do. The caller holds the queue's lock.
        @SuppressWarnings({"WaitNotInLoop", "GuardedBy"})
        private void awaitChange(long most) throws InterruptedException {
            if (timekeeper == null) timekeeper = this;
            if (timekeeper != this) {
                var _ = changed.awaitNanos(most);
                return;
            }
            var wake = scheduler.wakeAt();
            if (wake.isEmpty()) {
                var _ = changed.awaitNanos(most);
                return;
            }
            var now = clock.instant();
            if (!now.isBefore(wake.get())) {
                moveOn();
                return;
            }
            long untilWake = Duration.between(now, wake.get()).plusMillis(1).toNanos();
            var _ = changed.awaitNanos(Math.min(most, untilWake));
        }

        /// The caller holds the queue's lock.
        @SuppressWarnings("GuardedBy")
        private void passTimeOn() {
            timekeeper = null;
            for (var other : tickets.values()) {
                if (other == this) continue;
                other.changed.signal();
                return;
            }
        }

        /// Ends the waiting, as no machine can be used for now. Nothing happens if it has ended.
        ///
        /// @param reasons machine name to its objection
        public void refuse(Map<String, String> reasons) {
            lock.lock();
            try {
                if (outcome != null) return;
                leave();
                end(new Outcome.NoMachine(reasons));
            } finally {
                lock.unlock();
            }
            locate();
        }

        /// Leaves the queue, and gives back what it may have got. Nothing happens if that has been done.
        public void cancel() {
            lock.lock();
            try {
                leave();
            } finally {
                lock.unlock();
            }
            locate();
        }

        /// The caller holds the queue's lock.
        @SuppressWarnings("GuardedBy")
        private void leave() {
            if (outcome instanceof Outcome.Assigned(var assignment)) {
                assignment.end();
            } else if (outcome == null) {
                outcome = new Outcome.NoMachine(Map.of());
                scheduler.cancel(build);
                tickets.remove(build);
            }
            moveOn();
        }

        /// The caller holds the queue's lock.
        private void end(Outcome how) {
            outcome = how;
            changed.signal();
        }
    }

    /// A slot of a machine, held until closed.
    ///
    /// If the machine is not up yet, the slot may be exchanged for one of another machine that gets free and would
    /// finish the build earlier, until it is settled: see [#awaitMove].
    public final class Assignment implements AutoCloseable {
        private final RunningBuild running;
        private final Placement placement;

        /// These are guarded by the queue's lock.
        private @Nullable Condition changed;

        private boolean settled;
        private @Nullable Assignment moved;
        private boolean moveTaken;

        private Assignment(RunningBuild running, Placement placement) {
            this.running = running;
            this.placement = placement;
        }

        public Machine machine() {
            return running.machine();
        }

        /// Whose build it is.
        public Client client() {
            return request().client();
        }

        public BuildRequest request() {
            return running.build().request();
        }

        /// Where the inputs of the build were when it got the slot, as far as is known.
        public Inputs inputs() {
            return running.build().inputs();
        }

        /// What spoke for this machine.
        public Placement placement() {
            return placement;
        }

        /// Why this machine, for people.
        public String reason() {
            return placement.reason();
        }

        /// Whether the machine was not up when the build got the slot.
        public boolean isBeforeStart() {
            return placement.boot() > 0;
        }

        /// The build begins in this slot, unless it has another one already. A second time does nothing.
        @SuppressWarnings("GuardedBy")
        public void settle() {
            lock.lock();
            try {
                if (settled || moved != null) return;
                settled = true;
                unsettled.remove(running);
                scheduler.settle(running);
                if (changed != null) changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /// Waits until some thread settles it, or the build gets a slot elsewhere. To be called by its owner, once.
        ///
        /// @return the other slot, which the caller has to close; this one is given back then
        @SuppressWarnings("GuardedBy")
        public Optional<Assignment> awaitMove() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                if (changed == null) changed = lock.newCondition();
                while (!settled && moved == null) changed.await();
                moveTaken = moved != null;
                return Optional.ofNullable(moved);
            } finally {
                lock.unlock();
            }
        }

        /// The caller holds the queue's lock.
        private void move(Assignment elsewhere) {
            moved = elsewhere;
            if (changed != null) changed.signalAll();
        }

        /// The caller holds the queue's lock.
        @SuppressWarnings("GuardedBy")
        private void end() {
            unsettled.remove(running);
            scheduler.finished(running, clock.instant());
            if (moved != null && !moveTaken) scheduler.finished(moved.running, clock.instant());
        }

        /// Gives the slot back; a second time does nothing.
        @Override
        public void close() {
            enter(_ -> end());
        }
    }
}
