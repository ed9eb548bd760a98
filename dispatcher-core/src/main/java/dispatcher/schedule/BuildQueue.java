package dispatcher.schedule;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.fleet.Machine;
import dispatcher.fleet.MachineHealth;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.PlacementPolicy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Builds that wait for a machine, and the slots of the machines. First come, first served, except that a build whose
/// machines are all busy does not hold up those behind it that others can do.
///
/// Safe for any thread. One lock guards everything; it is never held over I/O or a call to somebody else but the
/// policy, which is a pure function.
/// Cost of an event: one policy call per waiting build that differs in what it needs, up to the first few that find a
/// slot.
public final class BuildQueue {
    private final PlacementPolicy policy;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Slots> machines = new LinkedHashMap<>();

    @GuardedBy("lock")
    private final LinkedHashSet<Ticket> waiting = new LinkedHashSet<>();

    public BuildQueue(Collection<Machine> machines, PlacementPolicy policy, InstantSource clock) {
        this.policy = policy;
        this.clock = clock;
        for (var machine : machines) this.machines.put(machine.name(), new Slots(machine));
    }

    private static final class Slots {
        private final Machine machine;
        private int running;
        private MachineHealth health = MachineHealth.GOOD;
        /// Set aside when the queue was last gone through, or since.
        private boolean aside;

        Slots(Machine machine) {
            this.machine = machine;
        }
    }

    /// How waiting ended.
    public sealed interface Outcome {
        record Assigned(Assignment assignment) implements Outcome {}

        /// @param reasons machine name to what speaks against it
        record NoMachine(Map<String, String> reasons) implements Outcome {}
    }

    /// Puts a build at the end of the queue.
    ///
    /// @param excluded names of machines that it must not go to
    public Ticket submit(BuildRequest request, Set<String> excluded) {
        lock.lock();
        try {
            var ticket = new Ticket(request, Set.copyOf(excluded), lock.newCondition());
            waiting.add(ticket);
            dispatch();
            return ticket;
        } finally {
            lock.unlock();
        }
    }

    /// A machine did its part: whatever it was set aside for is over.
    public void machineWorked(String name) {
        lock.lock();
        try {
            var slots = machines.get(name);
            if (slots != null && slots.health.failures() > 0) {
                slots.health = MachineHealth.GOOD;
                dispatch();
            }
        } finally {
            lock.unlock();
        }
    }

    /// A machine, or the way to it, broke: nothing goes there for a while.
    public void machineFailed(String name, String error) {
        lock.lock();
        try {
            var slots = machines.get(name);
            if (slots == null) return;
            slots.health = slots.health.failed(clock.instant(), error);
            slots.aside = true;
            // The machine's return is one more moment at which those who wait must look.
            for (var ticket : waiting) ticket.ended.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Whether a machine is not set aside.
    public boolean isAvailable(String name) {
        lock.lock();
        try {
            var slots = machines.get(name);
            return slots != null && slots.health.isAvailable(clock.instant());
        } finally {
            lock.unlock();
        }
    }

    /// The queue and the fleet at this moment.
    public Snapshot snapshot() {
        lock.lock();
        try {
            var now = clock.instant();
            var states = new ArrayList<MachineState>();
            var health = new LinkedHashMap<String, MachineHealth>();
            for (var slots : machines.values()) {
                states.add(new MachineState(slots.machine, slots.running, slots.health.isAvailable(now)));
                health.put(slots.machine.name(), slots.health);
            }
            return new Snapshot(
                    states, health, waiting.stream().map(Ticket::request).toList());
        } finally {
            lock.unlock();
        }
    }

    /// @param waiting in the order of the queue
    public record Snapshot(
            List<MachineState> machines, Map<String, MachineHealth> health, List<BuildRequest> waiting) {}

    /// What a build needs, as far as the policy can tell: two with the same need get the same answer.
    private record Need(String platform, Set<String> features, Set<String> excluded) {}

    @GuardedBy("lock")
    private void dispatch() {
        var now = clock.instant();
        for (var slots : machines.values()) slots.aside &= !slots.health.isAvailable(now);
        var busy = new HashSet<Need>();
        var tickets = waiting.iterator();
        while (tickets.hasNext()) {
            var ticket = tickets.next();
            var need = new Need(ticket.request.platform(), ticket.request.requiredFeatures(), ticket.excluded);
            if (busy.contains(need)) continue;
            switch (policy.place(ticket.request, candidates(ticket, now))) {
                case Placement.Chosen chosen -> {
                    tickets.remove();
                    var slots = machines.get(chosen.machine().name());
                    if (slots == null)
                        throw new IllegalStateException(
                                "policy chose " + chosen.machine().name());
                    slots.running++;
                    ticket.end(new Outcome.Assigned(new Assignment(slots, chosen.reason())));
                }
                case Placement.Impossible impossible -> {
                    tickets.remove();
                    ticket.end(new Outcome.NoMachine(impossible.reasons()));
                }
                case Placement.Busy _ -> busy.add(need);
            }
        }
    }

    @GuardedBy("lock")
    private List<MachineState> candidates(Ticket ticket, Instant now) {
        var states = new ArrayList<MachineState>(machines.size());
        for (var slots : machines.values())
            if (!ticket.excluded.contains(slots.machine.name()))
                states.add(new MachineState(slots.machine, slots.running, slots.health.isAvailable(now)));
        return states;
    }

    /// Whether a machine's time aside is over and nobody has gone through the queue since.
    @GuardedBy("lock")
    private boolean hasReturned(Instant now) {
        return machines.values().stream().anyMatch(slots -> slots.aside && slots.health.isAvailable(now));
    }

    /// A day if no machine is set aside.
    @GuardedBy("lock")
    private Duration untilNextReturn(Instant now) {
        var next = Duration.ofDays(1);
        for (var slots : machines.values()) {
            if (!slots.aside) continue;
            var left = Duration.between(now, slots.health.asideUntil());
            if (left.compareTo(next) < 0) next = left;
        }
        return next;
    }

    /// A build's place in the queue. Its owner must wait for it or cancel it.
    public final class Ticket {
        private final BuildRequest request;
        private final Set<String> excluded;
        private final Condition ended;

        /// Guarded by the queue's lock.
        private @Nullable Outcome outcome;

        private Ticket(BuildRequest request, Set<String> excluded, Condition ended) {
            this.request = request;
            this.excluded = excluded;
            this.ended = ended;
        }

        public BuildRequest request() {
            return request;
        }

        /// How many are before it, from 0; empty if it waits no longer.
        public OptionalInt place() {
            lock.lock();
            try {
                int place = 0;
                for (var ticket : waiting) {
                    if (ticket == this) return OptionalInt.of(place);
                    place++;
                }
                return OptionalInt.empty();
            } finally {
                lock.unlock();
            }
        }

        /// Waits for a machine. If interrupted, the build leaves the queue, and a slot that it had got is free again.
        public Outcome await() throws InterruptedException {
            lock.lock();
            try {
                while (outcome == null) {
                    var now = clock.instant();
                    // All who wait wake up when a machine is back; the first goes through the queue for all.
                    if (hasReturned(now)) dispatch();
                    else awaitEnd(untilNextReturn(now).plusMillis(1));
                }
                return outcome;
            } catch (InterruptedException e) {
                waiting.remove(this);
                if (outcome instanceof Outcome.Assigned(var assignment)) assignment.close();
                throw e;
            } finally {
                lock.unlock();
            }
        }

        /// The caller holds the queue's lock. May return at any time, as conditions do.
        @SuppressWarnings("WaitNotInLoop")
        private void awaitEnd(Duration limit) throws InterruptedException {
            var _ = ended.awaitNanos(limit.toNanos());
        }

        /// The caller holds the queue's lock.
        private void end(Outcome how) {
            outcome = how;
            ended.signal();
        }
    }

    /// A slot of a machine, held until closed.
    public final class Assignment implements AutoCloseable {
        private final Slots slots;
        private final String reason;

        /// Guarded by the queue's lock.
        private boolean released;

        private Assignment(Slots slots, String reason) {
            this.slots = slots;
            this.reason = reason;
        }

        public Machine machine() {
            return slots.machine;
        }

        /// Why this machine, for people.
        public String reason() {
            return reason;
        }

        /// Gives the slot back; a second time does nothing.
        @Override
        public void close() {
            lock.lock();
            try {
                if (released) return;
                released = true;
                slots.running--;
                dispatch();
            } finally {
                lock.unlock();
            }
        }
    }
}
