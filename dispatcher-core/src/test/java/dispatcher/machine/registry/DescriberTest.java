package dispatcher.machine.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.event.DispatcherListener;
import dispatcher.machine.Choice;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.MachineProtocol;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.Trait;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.probe.Probe;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.ManualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DescriberTest {
    private static final MachineDescription ARM = Probe.parse("""
            @@dispatcher-cores
            8
            @@dispatcher-memory
            17179869184
            @@dispatcher-version
            nix-store (Nix) 2.31.1
            @@dispatcher-config
            system = aarch64-linux
            extra-platforms = armv7l-linux
            system-features = big-parallel kvm
            """);

    private final ManualClock clock = new ManualClock();
    private final Store store = new Store();
    private final Events events = new Events();
    private final Machines machines = new Machines();
    private TestRegistry fleet = new TestRegistry(store);

    @AfterEach
    void close() {
        fleet.close();
    }

    /// In memory.
    private static final class Store implements DescriptionStore {
        private final Map<String, Known> known = new ConcurrentHashMap<>();

        @Override
        public Map<String, Known> load() {
            return Map.copyOf(known);
        }

        @Override
        public void save(String machine, Known description) {
            known.put(machine, description);
        }

        @Override
        public void keepOnly(Set<String> machines) {
            known.keySet().retainAll(machines);
        }
    }

    private static final class Events implements DispatcherListener {
        private final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        public void machineDescribed(Machine machine, MachineDescription said) {
            lines.add(machine.name() + " described");
        }

        @Override
        public void machineNotDescribed(String machine, String reason) {
            lines.add(machine + ": " + reason);
        }
    }

    /// What machines answer.
    private static final class Machines implements Describer.Prober {
        private final Map<String, MachineDescription> answers = new ConcurrentHashMap<>();
        private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();
        private volatile boolean connected;

        @Override
        public Optional<MachineDescription> probe(MachineLink link, MachineLink.Asking asking) throws IOException {
            if (asking == MachineLink.Asking.CONNECTED && !connected) return Optional.empty();
            if (asking == MachineLink.Asking.RUNNING && link.isOff()) return Optional.empty();
            var name = link.machine().name();
            asked.computeIfAbsent(name, _ -> new AtomicInteger()).incrementAndGet();
            var answer = answers.get(name);
            if (answer == null) throw new IOException("no route to " + name);
            return Optional.of(answer);
        }

        int asked(String name) {
            return asked.getOrDefault(name, new AtomicInteger()).get();
        }
    }

    private static Machine bare(String name) {
        return machine(name, Set.of(), 1, EnumSet.allOf(Trait.class));
    }

    private static Machine machine(String name, Set<String> systems, int maxJobs, Set<Trait> unstated) {
        return new Machine(
                name,
                new MachineAddress(name, 22, "nix", Optional.empty(), Optional.empty()),
                MachineProtocol.SSH_NG,
                List.of(),
                new TreeSet<>(systems),
                maxJobs,
                1,
                new TreeSet<>(),
                new TreeSet<>(),
                Choice.AUTO,
                Choice.AUTO,
                new TreeMap<>(),
                Optional.empty(),
                unstated);
    }

    private void start(Machine... all) {
        fleet.close();
        fleet = new TestRegistry(store, all);
    }

    private Describer describer() {
        return fleet.describer(events, clock, machines);
    }

    private Machine inQueue(String name) {
        return fleet.inQueue(name).machine();
    }

    @Test
    void aBareMachineGetsNoBuildsBeforeItHasSaidWhatItIs() {
        start(bare("a"));
        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.UNDESCRIBED);
        assertThat(fleet.registry().undescribed()).containsEntry("a", "not yet described: it has not answered yet");

        machines.answers.put("a", ARM);
        describer().lookNow();

        Await.until("described", () -> fleet.inQueue("a").state() == MachineState.READY);
        assertThat(inQueue("a").systems()).containsExactly("aarch64-linux", "armv7l-linux");
        assertThat(inQueue("a").supportedFeatures()).containsExactly("big-parallel", "kvm");
        assertThat(inQueue("a").maxJobs()).isEqualTo(8);
        assertThat(inQueue("a").resources()).containsEntry(Machine.MEMORY, 1L << 34);
        assertThat(fleet.link("a").machine()).isEqualTo(inQueue("a"));
        assertThat(fleet.registry().undescribed()).isEmpty();
    }

    @Test
    void aMachineThatSaysThatItHasEndlessProcessorsGetsNoEndlessBuilds() {
        var said = Probe.parse("@@dispatcher-cores\n999999999\n@@dispatcher-config\nsystem = x86_64-linux\n");

        assertThat(bare("a").describedBy(said).maxJobs()).isEqualTo(1024);
        assertThat(bare("a").describedBy(MachineDescription.NOTHING)).isEqualTo(bare("a"));
    }

    @Test
    void whatTheSettingsStateWins() {
        start(machine("a", Set.of(), 3, EnumSet.of(Trait.SYSTEMS)));
        machines.answers.put("a", ARM);

        describer().lookNow();

        Await.until("described", () -> inQueue("a").isDescribed());
        assertThat(inQueue("a").maxJobs()).isEqualTo(3);
        assertThat(inQueue("a").supportedFeatures()).isEmpty();
        assertThat(inQueue("a").resources()).isEmpty();
    }

    @Test
    void aMachineThatIsStatedIsAskedOverAConnectionThatIsThereAndStaysAsStated() {
        var stated = machine("a", Set.of("x86_64-linux"), 2, Set.of());
        start(stated);
        machines.answers.put("a", ARM);
        var describer = describer();

        describer.lookNow();
        Await.until("not asked", () -> !describer.isAsking());
        assertThat(machines.asked("a")).isZero();

        machines.connected = true;
        describer.lookNow();
        Await.until("asked", () -> events.lines.contains("a described"));
        assertThat(inQueue("a")).isEqualTo(stated);
    }

    @Test
    void aDescriptionOutlivesARestart() {
        start(bare("a"));
        machines.answers.put("a", ARM);
        describer().lookNow();
        Await.until("described", () -> inQueue("a").isDescribed());

        start(bare("a"));

        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.READY);
        var describer = describer();
        describer.lookNow();
        Await.until("not asked", () -> !describer.isAsking());
        assertThat(machines.asked("a")).isEqualTo(1);
    }

    @Test
    void aMachineThatIsReachedOtherwiseHasSaidNothing() {
        start(bare("a"));
        machines.answers.put("a", ARM);
        describer().lookNow();
        Await.until("described", () -> inQueue("a").isDescribed());

        fleet.replace(bare("a").withAddress(new MachineAddress("b", 22, "nix", Optional.empty(), Optional.empty())));

        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.UNDESCRIBED);
    }

    @Test
    void otherSettingsOfAMachineKeepItsDescription() {
        start(bare("a"));
        machines.answers.put("a", ARM);
        describer().lookNow();
        Await.until("described", () -> inQueue("a").isDescribed());

        fleet.replace(machine("a", Set.of(), 2, EnumSet.of(Trait.SYSTEMS)));

        assertThat(inQueue("a").systems()).containsExactly("aarch64-linux", "armv7l-linux");
        assertThat(inQueue("a").maxJobs()).isEqualTo(2);
    }

    @Test
    void anOldDescriptionIsAskedForAgainWhenAConnectionIsThere() {
        start(bare("a"));
        machines.answers.put("a", ARM);
        machines.connected = true;
        var describer = describer();
        describer.lookNow();
        Await.until("described", () -> inQueue("a").isDescribed() && !describer.isAsking());

        clock.advance(Describer.VALID.minusSeconds(1));
        describer.lookNow();
        Await.until("not asked", () -> !describer.isAsking());
        assertThat(machines.asked("a")).isEqualTo(1);

        clock.advance(Duration.ofSeconds(1));
        describer.lookNow();
        Await.until("asked", () -> machines.asked("a") == 2);
    }

    @Test
    void aMachineThatIsBackIsAskedAgain() {
        start(bare("a"));
        machines.answers.put("a", ARM);
        machines.connected = true;
        var describer = describer();
        describer.lookNow();
        Await.until("described", () -> inQueue("a").isDescribed() && !describer.isAsking());

        fleet.registry().recovery().failed(fleet.link("a"), "gone");
        describer.lookNow();
        fleet.registry().recovery().worked(fleet.link("a"));
        describer.lookNow();

        Await.until("asked", () -> machines.asked("a") == 2);
    }

    @Test
    void itIsKnownWhenAMachineThatCannotBeReachedIsAskedAgain() {
        start(bare("a"));
        var describer = describer();
        assertThat(describer.nextQuestion(fleet.link("a"))).isEmpty();

        describer.lookNow();
        Await.until("asked", () -> machines.asked("a") == 1 && !describer.isAsking());

        assertThat(describer.nextQuestion(fleet.link("a")).orElseThrow())
                .isBetween(clock.instant().plusMillis(750), clock.instant().plusMillis(1250));
        clock.advance(Duration.ofMinutes(5));
        assertThat(describer.nextQuestion(fleet.link("a")))
                .as("it may be asked now")
                .isEmpty();
    }

    @Test
    void aMachineThatCannotBeReachedIsAskedAgainAndReportedOnce() {
        start(bare("a"));
        var describer = describer();

        describer.lookNow();
        Await.until("asked", () -> machines.asked("a") == 1 && !describer.isAsking());
        describer.lookNow();
        Await.until("not asked yet", () -> !describer.isAsking());
        assertThat(machines.asked("a")).isEqualTo(1);
        clock.advance(Duration.ofMinutes(5));
        describer.lookNow();
        Await.until("asked again", () -> machines.asked("a") == 2 && !describer.isAsking());

        assertThat(events.lines).containsExactly("a: no route to a");
        assertThat(fleet.registry().undescribed()).containsEntry("a", "not yet described: no route to a");
    }

    @Test
    void aMachineThatRunsNoShellSaysWhatToState() {
        start(bare("a"));
        machines.answers.put("a", MachineDescription.NOTHING);

        describer().lookNow();

        Await.until("asked", () -> !events.lines.isEmpty());
        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.UNDESCRIBED);
        assertThat(events.lines)
                .singleElement()
                .asString()
                .contains("runs no command but Nix's", "write `systems`, `maxJobs` and `supportedFeatures`");
    }

    /// A build for ARM that waits for a machine that fits.
    private static final class WaitingBuild {
        private final CopyOnWriteArrayList<Boolean> fits = new CopyOnWriteArrayList<>();
        private final Thread thread;

        WaitingBuild(Describer describer) throws InterruptedException {
            var waiting = new CountDownLatch(1);
            thread = Thread.ofVirtual().start(() -> {
                waiting.countDown();
                try {
                    fits.add(describer.awaitFitting(forArm(), Duration.ofMinutes(5), () -> false));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            waiting.await();
        }

        void assertFits() throws InterruptedException {
            thread.join();
            assertThat(fits).containsExactly(true);
        }
    }

    private static SchedulingKey forArm() {
        return SchedulingKey.of(
                new BuildRequest(
                        StorePath.parse("00000000000000000000000000000000-x.drv"), "aarch64-linux", new TreeSet<>()),
                Set.of());
    }

    @Test
    void aBuildWaitsForAMachineThatMayYetSayThatItFits() throws InterruptedException {
        start(bare("a"));
        var describer = describer();
        var build = new WaitingBuild(describer);
        machines.answers.put("a", ARM);
        describer.lookNow();

        build.assertFits();
    }

    @Test
    void aMachineThatIsOffIsStartedToSayWhatItIsOnceABuildWaitsThatFitsNoOther() throws InterruptedException {
        start(bare("a"));
        fleet.machine("a").off(Duration.ofSeconds(10));
        machines.answers.put("a", ARM);
        var describer = describer();
        describer.lookNow();
        Await.until("looked", () -> !describer.isAsking());
        assertThat(machines.asked("a")).as("not for nothing").isZero();

        var build = new WaitingBuild(describer);
        Await.until("started", () -> {
            describer.lookNow();
            return machines.asked("a") > 0;
        });

        build.assertFits();
        assertThat(inQueue("a").systems()).contains("aarch64-linux");
    }

    @Test
    void aDrainedMachineIsNotStartedToSayWhatItIs() throws InterruptedException {
        start(bare("a"));
        fleet.machine("a").off(Duration.ofSeconds(10));
        fleet.registry().drain("a", true);
        machines.answers.put("a", ARM);
        var describer = describer();

        assertThat(describer.awaitFitting(forArm(), Duration.ofMinutes(5), () -> false))
                .isFalse();
        describer.lookNow();
        Await.until("looked", () -> !describer.isAsking());
        assertThat(machines.asked("a")).isZero();
    }

    @Test
    void ofAPoolOneMachineIsStartedAndSpeaksForAll() throws InterruptedException {
        start(pooled(1), pooled(2));
        fleet.machine("cloud-1").off(Duration.ofSeconds(10));
        fleet.machine("cloud-2").off(Duration.ofSeconds(10));
        machines.answers.put("cloud-1", ARM);
        var describer = describer();
        var build = new WaitingBuild(describer);
        Await.until("started", () -> {
            describer.lookNow();
            return machines.asked("cloud-1") > 0;
        });

        build.assertFits();
        Await.until("both", () -> inQueue("cloud-2").isDescribed());
        assertThat(inQueue("cloud-2").systems()).contains("aarch64-linux");
        assertThat(machines.asked("cloud-2")).isZero();
        assertThat(fleet.registry().undescribed()).isEmpty();
    }

    private static Machine pooled(int index) {
        var pool = new Pool("cloud", new Pool.Range(0, 2), 0, OptionalInt.empty(), List.of());
        var member = new Pool.Member(pool, index);
        // All are reached at what the settings say, until one has started.
        var machine = bare(member.machine())
                .withAddress(new MachineAddress("cloud", 22, "nix", Optional.empty(), Optional.empty()));
        return machine.withOnDemand(new OnDemand(
                new OnDemand.Systemd("builder.service"),
                OnDemand.DEFAULT_BOOT_TIMEOUT,
                OnDemand.DEFAULT_IDLE_AFTER,
                Optional.empty(),
                Optional.of(member)));
    }

    @Test
    void noBuildWaitsForAMachineThatNeverSays() throws InterruptedException {
        start(bare("a"));
        machines.answers.put("a", MachineDescription.NOTHING);
        var describer = describer();
        describer.lookNow();
        Await.until("asked", () -> !events.lines.isEmpty() && !describer.isAsking());

        assertThat(describer.awaitFitting(forArm(), Duration.ofMinutes(5), () -> false))
                .isFalse();
    }

    @Test
    void aMachineSaysItOverItsOwnConnection() throws IOException, InterruptedException {
        var fake = new FakeMachine(machine("a", Set.of("x86_64-linux"), 1, Set.of()));
        fake.doing("@@dispatcher-cores\n2\n@@dispatcher-end\n");
        try (var link = new MachineLink(
                fake.machine(),
                fake,
                StoreDir.NIX_STORE,
                new MachineLink.Limits(Duration.ofMinutes(1), Duration.ofMinutes(1)),
                clock.nanoTime())) {
            assertThat(link.probe(MachineLink.Asking.CONNECTED).orElseThrow().cores())
                    .hasValue(2);
            assertThat(fake.opened()).isZero();
        }
    }
}
