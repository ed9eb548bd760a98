package dispatcher.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Machine;
import dispatcher.schedule.BuildQueue.Assignment;
import dispatcher.schedule.BuildQueue.Outcome;
import dispatcher.schedule.BuildQueue.Ticket;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MachineEvents;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class BuildQueuePropertyTest {
    private static final List<String> FEATURES = List.of("big", "kvm");

    @Test
    void whateverHappensNoSlotLeaksAndNobodyIsForgotten() {
        Seeds.run(150, random -> new Simulation(random).run());
    }

    @Test
    void whateverHappensAtOnceNoSlotLeaks() {
        Seeds.run(5, BuildQueuePropertyTest::storm);
    }

    private static List<Machine> machines(RandomGenerator random) {
        var machines = new ArrayList<Machine>();
        for (int i = random.nextInt(3, 11); i > 0; i--)
            machines.add(Machines.machine(
                    "m" + i,
                    random.nextInt(5),
                    random.nextInt(1, 4),
                    some(random, FEATURES),
                    random.nextInt(4) == 0 ? some(random, FEATURES) : List.of()));
        return machines;
    }

    private static List<String> some(RandomGenerator random, List<String> all) {
        return all.stream().filter(_ -> random.nextInt(3) == 0).toList();
    }

    private static BuildRequest request(RandomGenerator random, int number) {
        return new BuildRequest(
                FakeStore.path(number + ".drv"),
                random.nextInt(20) == 0 ? "riscv64-linux" : "x86_64-linux",
                new TreeSet<>(some(random, FEATURES)),
                new Client("client " + random.nextInt(3), random.nextInt(2), random.nextInt(1, 9)),
                Work.of(Duration.ofSeconds(random.nextInt(1, 200))),
                Inputs.of(random.nextInt(2_000_000)),
                new TreeMap<>(),
                random.nextInt(6) == 0 ? Optional.of("m" + random.nextInt(3)) : Optional.empty());
    }

    /// One thread does all, so that everything can be checked after each step.
    private static final class Simulation {
        private final RandomGenerator random;
        private final ManualClock clock = new ManualClock();
        private final List<Machine> machines;
        private final SchedulerOptions options;
        private final BuildQueue queue;
        private final List<Entry> waiting = new ArrayList<>();
        private final List<Assignment> running = new ArrayList<>();
        private int submitted;

        private record Entry(Ticket ticket, Set<String> excluded) {}

        Simulation(RandomGenerator random) {
            this.random = random;
            this.machines = machines(random);
            this.options = new SchedulerOptions(
                    Duration.ofMinutes(random.nextInt(1, 30)),
                    Duration.ZERO,
                    random.nextInt(1, 9),
                    random.nextBoolean());
            this.queue = new BuildQueue(machines, options, clock);
        }

        void run() {
            for (int i = 0; i < 200; i++) {
                step();
                check();
            }
            while (!running.isEmpty()) {
                running.removeLast().close();
                check();
            }
            clock.advance(Duration.ofDays(1));
            for (var machine : machines) MachineEvents.at(queue).answered(machine.name());
            look();
            check();
            while (!running.isEmpty()) {
                running.removeLast().close();
                check();
            }
            assertThat(waiting).as("still waiting").isEmpty();
        }

        private void step() {
            switch (random.nextInt(11)) {
                case 0, 1, 2, 3 -> submit();
                case 10 -> startAgain();
                case 4, 5, 6 -> {
                    if (!running.isEmpty())
                        running.remove(random.nextInt(running.size())).close();
                }
                case 7 -> {
                    if (!waiting.isEmpty()) cancel(waiting.remove(random.nextInt(waiting.size())));
                }
                case 8 -> {
                    var name = anyMachine();
                    switch (random.nextInt(4)) {
                        case 0 -> MachineEvents.at(queue).answered(name);
                        case 1 -> MachineEvents.at(queue).worked(name);
                        default -> MachineEvents.at(queue).failed(name, clock.instant(), "broke");
                    }
                }
                default -> {
                    clock.advance(Duration.ofSeconds(random.nextInt(20)));
                    look();
                }
            }
        }

        private String anyMachine() {
            return machines.get(random.nextInt(machines.size())).name();
        }

        private void submit() {
            var excluded = random.nextInt(4) == 0 ? Set.of(anyMachine()) : Set.<String>of();
            var request = request(random, submitted++);
            var ticket = random.nextBoolean()
                    ? queue.submit(request, excluded)
                    : queue.submit(request, excluded, clock.instant(), () -> onSomeMachine(request.inputs()));
            waiting.add(new Entry(ticket, excluded));
        }

        private Inputs onSomeMachine(Inputs inputs) {
            return new Inputs(inputs.bytes(), Map.of(anyMachine(), inputs.bytes()));
        }

        /// A second slot for one that has one.
        private void startAgain() {
            if (running.isEmpty()) return;
            var slow = running.get(random.nextInt(running.size()));
            var excluded = random.nextInt(4) == 0 ? Set.of(anyMachine()) : Set.<String>of();
            boolean mayRunMore = mayRunMore(slow.client());
            var again = queue.trySpare(slow, excluded, Inputs.NONE);
            if (again.isEmpty()) return;
            var machine = again.get().machine();
            assertThat(mayRunMore).as("another build of %s", slow.client()).isTrue();
            assertThat(excluded).doesNotContain(machine.name());
            assertThat(machine).isNotEqualTo(slow.machine());
            assertThat(waiting)
                    .as("those who wait and could use the slot of %s", machine.name())
                    .noneMatch(entry -> mayGo(entry, machine));
            running.add(again.get());
        }

        private static void cancel(Entry entry) {
            Thread.currentThread().interrupt();
            try {
                entry.ticket.await();
                throw new AssertionError("not interrupted");
            } catch (InterruptedException e) {
                assertThat(entry.ticket.isWaiting()).isFalse();
            }
        }

        /// Time has passed: somebody enters who needs nothing.
        private void look() {
            var nobody = new BuildRequest(FakeStore.path("nobody.drv"), "none", new TreeSet<>());
            assertThat(outcome(queue.submit(nobody, Set.of()))).isInstanceOf(Outcome.NoMachine.class);
        }

        private static Outcome outcome(Ticket ticket) {
            try {
                return ticket.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private void check() {
            var ended =
                    waiting.stream().filter(entry -> !entry.ticket.isWaiting()).toList();
            for (var entry : ended) {
                var outcome = outcome(entry.ticket);
                assertThat(outcome(entry.ticket)).as("a second look").isSameAs(outcome);
                switch (outcome) {
                    case Outcome.Assigned(var assignment) -> {
                        assertThat(mayGo(entry, assignment.machine()))
                                .as(
                                        "%s may go to %s",
                                        entry, assignment.machine().name())
                                .isTrue();
                        running.add(assignment);
                    }
                    case Outcome.NoMachine _ -> assertThat(machines).noneMatch(machine -> mayGo(entry, machine));
                }
            }
            waiting.removeAll(ended);
            var taken = new HashMap<String, Integer>();
            for (var assignment : running) taken.merge(assignment.machine().name(), 1, Integer::sum);
            var snapshot = queue.snapshot();
            for (var view : snapshot.machines()) {
                var machine = view.machine();
                assertThat(view.slotsTaken())
                        .as("slots of %s", machine.name())
                        .isEqualTo(taken.getOrDefault(machine.name(), 0))
                        .isBetween(0, machine.maxJobs());
                if (isFree(view) && !options.hold())
                    assertThat(waiting)
                            .as("those who wait while %s is free", machine.name())
                            .noneMatch(entry -> mayGo(entry, machine)
                                    && mayRunMore(entry.ticket.request().client()));
            }
            assertThat(snapshot.waiting())
                    .extracting(standing -> standing.build().request())
                    .containsExactlyInAnyOrderElementsOf(waiting.stream()
                            .map(entry -> entry.ticket.request())
                            .toList());
        }

        private boolean mayRunMore(Client client) {
            return running.stream()
                            .filter(assignment -> assignment.client().equals(client))
                            .count()
                    < client.maxBuilds();
        }

        private static boolean isFree(MachineView view) {
            return switch (view.state()) {
                case READY -> view.slotsTaken() < view.machine().maxJobs();
                case ON_TRIAL -> view.slotsTaken() == 0 && view.machine().maxJobs() > 0;
                case SET_ASIDE, DRAINED, UNDER_PRESSURE, UNDESCRIBED, REMOVED -> false;
            };
        }

        private static boolean mayGo(Entry entry, Machine machine) {
            return !entry.excluded.contains(machine.name())
                    && Fitness.objection(machine, entry.ticket.request()).isEmpty();
        }
    }

    /// Builds on threads of their own, a third of which are interrupted at some moment.
    private static void storm(RandomGenerator random) {
        var machines = machines(random);
        var queue = new BuildQueue(machines, SchedulerOptions.DEFAULT, InstantSource.system());
        Map<String, AtomicInteger> running = new ConcurrentHashMap<>();
        var builds = new ArrayList<CompletableFuture<String>>();
        var threads = new ArrayList<CompletableFuture<Thread>>();
        for (int i = 0; i < 400; i++) {
            var request = request(random, i);
            var thread = new CompletableFuture<Thread>();
            threads.add(thread);
            builds.add(Await.start(() -> {
                thread.complete(Thread.currentThread());
                return build(queue, request, running);
            }));
            if (random.nextInt(3) == 0)
                Await.result(threads.get(random.nextInt(threads.size()))).interrupt();
        }
        assertThat(builds).extracting(Await::result).allMatch(Set.of("built", "none", "cancelled")::contains);
        assertThat(queue.snapshot().waiting()).isEmpty();
        assertThat(queue.snapshot().machines()).allMatch(view -> view.slotsTaken() == 0);
    }

    private static String build(BuildQueue queue, BuildRequest request, Map<String, AtomicInteger> running) {
        try {
            // Located long ago, so that this is done again for each.
            var ticket = queue.submit(request, Set.of(), Instant.now().minusSeconds(60), () -> {
                LockSupport.parkNanos(1);
                return request.inputs();
            });
            if (!(ticket.await() instanceof Outcome.Assigned(var assignment))) return "none";
            var machine = assignment.machine();
            var count = running.computeIfAbsent(machine.name(), _ -> new AtomicInteger());
            try (assignment) {
                if (count.incrementAndGet() > machine.maxJobs()) return "too many on " + machine.name();
                queue.trySpare(assignment, Set.of(), Inputs.NONE).ifPresent(Assignment::close);
                LockSupport.parkNanos(10_000);
                count.decrementAndGet();
            }
            return "built";
        } catch (InterruptedException e) {
            return "cancelled";
        }
    }
}
