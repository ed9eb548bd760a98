package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientGrant;
import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Gate;
import dispatcher.testkit.Liar;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Seeds;
import dispatcher.testkit.UnreadLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Builds that take far longer than expected and are begun a second time, whatever protocol clients and
/// machines speak.
///
/// Build x begins on `slow`, as the others are drained then; it should take two minutes, and counts as
/// a straggler after six.
@Timeout(120)
@ParameterizedClass
@MethodSource("pairings")
class SpeculativeBuildTest {
    private final ClientProtocol protocol;
    private final MachineProtocol machineProtocol;
    private final FakeMachine slow;
    private final FakeMachine fast;

    @TempDir
    private Path temp;

    SpeculativeBuildTest(ClientProtocol protocol, MachineProtocol machineProtocol) {
        this.protocol = protocol;
        this.machineProtocol = machineProtocol;
        this.slow = machine("slow", 3, 1);
        this.fast = machine("fast", 3, 4);
    }

    static Stream<Arguments> pairings() {
        return Arrays.stream(ClientProtocol.values())
                .flatMap(client ->
                        Arrays.stream(MachineProtocol.values()).map(machine -> Arguments.of(client, machine)));
    }

    private FakeMachine machine(String name, int maxJobs, double speed) {
        var machine = new FakeMachine(Machines.machine(name, maxJobs, speed, List.of("ca-derivations"), List.of()));
        return machineProtocol == MachineProtocol.SSH ? machine.overServe() : machine;
    }

    private TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool")).stragglers(3).expecting(Work.of(Duration.ofMinutes(2)));
    }

    private TestClient client(TestFleet fleet) throws IOException {
        return fleet.remote(protocol);
    }

    /// A build that has come to the gate of `slow`, and is a straggler from then on.
    private static CompletableFuture<BuildResult> straggler(
            TestFleet fleet, TestClient client, TestFleet.Drv drv, Gate atSlow) {
        for (var machine : fleet.machines()) fleet.registry().drain(machine, !machine.equals("slow"));
        var build = client.start(drv);
        atSlow.awaitArrivals(1);
        for (var machine : fleet.machines()) fleet.registry().drain(machine, false);
        fleet.clock().advance(Duration.ofMinutes(7));
        return build;
    }

    /// Builds say where they are, and then wait.
    private static Gate hold(FakeMachine machine) {
        var gate = new Gate();
        machine.building((drvPath, derivation, options, log) -> {
            log.line(ByteString.of("begun on " + machine.name()));
            log.flush();
            gate.pass();
            log.line(ByteString.of("done on " + machine.name()));
            return machine.makeOutputs(drvPath, derivation, options, log);
        });
        return gate;
    }

    private static NarTree outputOf(TestFleet.Drv drv, FakeMachine machine) {
        return NarTree.file("out of %s, built on %s".formatted(drv.path(), machine.name()));
    }

    private static List<String> buildLines(TestClient client) {
        return client.log().lines().stream()
                .filter(line -> !line.startsWith("dispatcher:"))
                .toList();
    }

    @Test
    void secondThatIsDoneFirstCounts() throws Exception {
        var atSlow = hold(slow);
        hold(fast).open();
        try (var fleet = plan().start(slow, fast)) {
            var client = client(fleet);
            var x = drv("x", client.upload("libc"));
            var result = Await.result(straggler(fleet, client, x, atSlow));

            assertThat(result.status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, fast));
            atSlow.awaitDepartures(1);
            assertThat(fleet.running()).isZero();
            assertThat(fast.received()).contains(FakeStore.path("libc"));
            assertThat(buildLines(client)).containsExactly("begun on slow", "begun on fast", "done on fast");
            assertThat(client.notes()).hasSize(2);
            assertThat(client.notes().getFirst())
                    .contains("is begun a second time, on fast: it has taken 7 min on slow, where 120 s were expected");
            assertThat(client.notes().getLast()).contains("came to its end on fast first");
            assertThat(fleet.events().all())
                    .containsSubsequence(
                            "assigned x slow", "doubled x fast slow", "copied x fast 1", "ended x fast BUILT");
            assertThat(fleet.events().starting("ended x")).hasSize(1);
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.failures(slow)).isZero();
        }
    }

    @Test
    void firstThatIsDoneFirstCounts() throws Exception {
        var atSlow = hold(slow);
        var atFast = hold(fast);
        try (var fleet = plan().start(slow, fast)) {
            var client = client(fleet);
            var x = drv("x");
            var build = straggler(fleet, client, x, atSlow);
            atFast.awaitArrivals(1);
            assertThat(fleet.running()).as("slots taken").isEqualTo(2);
            atSlow.open();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, slow));
            atFast.awaitDepartures(1);
            assertThat(fleet.running()).isZero();
            assertThat(buildLines(client)).containsExactly("begun on slow", "done on slow");
            assertThat(client.notes()).hasSize(1);
            assertThat(fleet.events().starting("ended x")).containsExactly("ended x slow BUILT");
            assertThat(fleet.failures(fast)).isZero();
        }
    }

    @Test
    void secondGoesOnWhenTheFirstIsLost() throws Exception {
        var atSlow = hold(slow);
        var atFast = hold(fast);
        try (var fleet = plan().start(slow, fast)) {
            var client = client(fleet);
            var x = drv("x");
            var build = straggler(fleet, client, x, atSlow);
            atFast.awaitArrivals(1);
            slow.die("off");
            Await.until(
                    "the first is lost",
                    () -> !fleet.events().starting("lost x slow").isEmpty());
            Await.until("its slot is free", () -> fleet.running() == 1);
            Await.until("its log is read", () -> buildLines(client).contains("begun on fast"));
            atFast.open();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, fast));
            assertThat(buildLines(client)).containsExactly("begun on slow", "begun on fast", "done on fast");
            assertThat(client.notes()).anyMatch(note -> note.contains("lost machine slow while building"));
            assertThat(client.notes().getLast()).contains("goes on on fast");
            assertThat(fleet.events().starting("assigned x"))
                    .as("no third attempt")
                    .hasSize(1);
        }
    }

    @Test
    void firstGoesOnWhenTheSecondIsLostAndThereIsNoThird() throws Exception {
        var atSlow = hold(slow);
        var other = machine("other", 1, 3);
        fast.dyingInBuilds("off");
        try (var fleet = plan().start(slow, fast, other)) {
            var client = client(fleet);
            var x = drv("x");
            var build = straggler(fleet, client, x, atSlow);
            Await.until(
                    "the second is lost",
                    () -> !fleet.events().starting("lost x fast").isEmpty());
            // Looks go on each millisecond while these come and go.
            for (var name : List.of("y", "z"))
                assertThat(client(fleet).build(drv(name)).isSuccess()).isTrue();
            atSlow.open();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, slow));
            assertThat(fleet.events().starting("doubled x")).containsExactly("doubled x fast slow");
            assertThat(other.built()).doesNotContain(x.path());
            assertThat(buildLines(client)).containsExactly("begun on slow", "done on slow");
        }
    }

    @Test
    void buildGoesElsewhereWhenBothAreLostAndIsNotBegunTwiceAgain() throws Exception {
        var atSlow = hold(slow);
        var atFast = hold(fast);
        var other = machine("other", 1, 0.5);
        try (var fleet = plan().start(slow, fast, other)) {
            var client = client(fleet);
            var x = drv("x");
            var build = straggler(fleet, client, x, atSlow);
            atFast.awaitArrivals(1);
            fast.die("off");
            slow.die("off");

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, other));
            assertThat(fleet.events().starting("lost x")).hasSize(2);
            assertThat(fleet.events().starting("doubled x")).hasSize(1);
        }
    }

    @Test
    void failureIsAResultToo() throws Exception {
        var atSlow = hold(slow);
        fast.answering(BuildResult.of(BuildStatus.PERMANENT_FAILURE, "builder failed with exit code 7"));
        try (var fleet = plan().start(slow, fast)) {
            var client = client(fleet);
            var result = Await.result(straggler(fleet, client, drv("x"), atSlow));

            assertThat(result.status()).isEqualTo(BuildStatus.PERMANENT_FAILURE);
            assertThat(result.message()).isEqualTo("builder failed with exit code 7");
            atSlow.awaitDepartures(1);
            assertThat(fleet.running()).isZero();
            assertThat(fleet.events().starting("ended x")).containsExactly("ended x fast PERMANENT_FAILURE");
        }
    }

    @Test
    void clientThatLeavesEndsBoth() throws Exception {
        var atSlow = hold(slow);
        var atFast = hold(fast);
        try (var fleet = plan().start(slow, fast)) {
            var client = client(fleet);
            var _ = straggler(fleet, client, drv("x"), atSlow);
            atFast.awaitArrivals(1);
            client.leave();

            atSlow.awaitDepartures(1);
            atFast.awaitDepartures(1);
            assertThat(fleet.running()).isZero();
            assertThat(fleet.events().all()).contains("abandoned x");
            assertThat(fleet.failures(slow)).isZero();
            assertThat(fleet.failures(fast)).isZero();
        }
    }

    @Test
    void buildWhoseInputsAreStillUnderWayIsBegunTwiceToo() throws Exception {
        var atSlow = slow.holdUploads();
        try (var fleet = plan().start(slow, fast)) {
            var client = client(fleet);
            var x = drv("x", client.upload("libc"));
            var result = Await.result(straggler(fleet, client, x, atSlow));
            atSlow.open();

            assertThat(result.status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, fast));
            assertThat(slow.built()).isEmpty();
        }
    }

    @Test
    void attemptThatIsStoppedInTheMiddleOfAQuestionSpoilsNoAnswerForItsClient() throws Exception {
        var host = FakeMachine.named("host", 0);
        for (var name : List.of("libc", "tool"))
            host.store().with(FakeStore.info(name, NarTree.file(name)), NarTree.file(name));
        var atHost = new Gate();
        var isFirst = new AtomicBoolean(true);
        host.lying(store -> new Liar(store) {
            @Override
            public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
                if (isFirst.getAndSet(false)) atHost.pass();
                return super.queryPathInfo(path);
            }
        });
        try (var fleet = plan().host(host).start(slow, fast)) {
            var client = fleet.local(protocol);
            assertThat(client.has(FakeStore.path("libc"))).isTrue();
            var x = drv("x", FakeStore.path("libc"));
            assertThat(Await.result(straggler(fleet, client, x, atHost)).status())
                    .isEqualTo(BuildStatus.BUILT);
            atHost.open();

            assertThat(client.fetch(FakeStore.path("tool"))).isEqualTo(NarTree.file("tool"));
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, fast));
            assertThat(fleet.events().starting("host failed")).isEmpty();
        }
    }

    @Test
    @Tag("slow")
    void attemptThatIsStoppedWhileItsClientReadsNothingCutsNoMessageShort() throws Exception {
        var begun = new Gate();
        var never = new Gate();
        slow.building((_, _, _, log) -> {
            begun.pass();
            for (int i = 0; i < 20_000; i++) log.line(ByteString.of("y".repeat(200)));
            log.flush();
            never.pass();
            throw new IOException("stopped");
        });
        hold(fast).open();
        var unread = new UnreadLog();
        try (var fleet = plan().start(slow, fast)) {
            var client = client(fleet);
            var x = drv("x");
            for (var machine : fleet.machines()) fleet.registry().drain(machine, !machine.equals("slow"));
            var build = client.start(x, unread);
            begun.open();
            unread.awaitFirst();
            for (var machine : fleet.machines()) fleet.registry().drain(machine, false);
            fleet.clock().advance(Duration.ofMinutes(7));
            Await.until("no attempt is left", () -> fast.built().size() == 1 && fleet.running() == 0);
            unread.readOn();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, fast));
            assertThat(unread.lines()
                            .subList(unread.lines().size() - 2, unread.lines().size()))
                    .containsExactly("begun on fast", "done on fast");
            never.open();
        }
    }

    @Test
    void whoWantsTheSameGetsTheResultOfTheSecond() throws Exception {
        var atSlow = hold(slow);
        var atFast = hold(fast);
        try (var fleet = plan().start(slow, fast)) {
            var one = client(fleet);
            var two = client(fleet);
            var x = drv("x");
            var _ = straggler(fleet, one, x, atSlow);
            atFast.awaitArrivals(1);
            var stays = two.start(x);
            Await.until("one that waits", () -> !two.notes().isEmpty());
            one.breakOff();
            atFast.open();

            assertThat(Await.result(stays).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(two.fetch(x.out())).isEqualTo(outputOf(x, fast));
            assertThat(buildLines(two)).contains("begun on fast", "done on fast");
        }
    }

    @Test
    void isOffUnlessTheSettingsSayOtherwise() throws Exception {
        var atSlow = hold(slow);
        try (var fleet = TestFleet.plan(temp.resolve("spool"))
                .expecting(Work.of(Duration.ofMinutes(2)))
                .start(slow, fast)) {
            var client = client(fleet);
            var build = straggler(fleet, client, drv("x"), atSlow);
            for (var name : List.of("y", "z"))
                assertThat(client(fleet).build(drv(name)).isSuccess()).isTrue();
            atSlow.open();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fast.built()).doesNotContain(drv("x").path());
        }
    }

    @Test
    void contentAddressedBuildIsNeverBegunTwice() throws Exception {
        var atSlow = hold(slow);
        var atFast = hold(fast);
        try (var fleet = plan().start(slow, fast)) {
            var sha256 = MethodAlgorithm.parseDerivation("r:sha256");
            var x = drv("x").with(new DerivationOutput.Floating(sha256));
            var one = straggler(fleet, client(fleet), x, atSlow);
            fleet.registry().drain("fast", true);
            var other = client(fleet).start(drv("y"));
            atSlow.awaitArrivals(2);
            fleet.registry().drain("fast", false);
            fleet.clock().advance(Duration.ofMinutes(7));
            atFast.awaitArrivals(1);
            atFast.open();
            Await.result(other);
            atSlow.open();

            assertThat(Await.result(one).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fast.built()).containsExactly(drv("y").path());
            assertThat(fleet.events().starting("doubled")).containsExactly("doubled y fast slow");
        }
    }

    @Test
    void nothingIsBegunTwiceWhileOthersWaitWhoCouldGoThere() throws Exception {
        var gateOfX = new Gate();
        var gateOfFirst = new Gate();
        slow.building((drvPath, derivation, options, log) -> {
            (drvPath.equals(drv("first").path()) ? gateOfFirst : gateOfX).pass();
            return slow.makeOutputs(drvPath, derivation, options, log);
        });
        var atFast = new Gate();
        fast.building((drvPath, derivation, options, log) -> {
            if (drvPath.equals(drv("next").path())) atFast.pass();
            return fast.makeOutputs(drvPath, derivation, options, log);
        });
        try (var fleet = plan().start(slow, fast)) {
            fleet.registry().drain("fast", true);
            var guests = fleet.remote(protocol, oneAtATime());
            var first = guests.start(drv("first"));
            gateOfFirst.awaitArrivals(1);
            var next = fleet.remote(protocol, oneAtATime()).start(drv("next"));
            Await.until("it waits", () -> !fleet.queue().snapshot().waiting().isEmpty());
            var client = client(fleet);
            var x = straggler(fleet, client, drv("x"), gateOfX);
            // Looks go on each millisecond while these come and go.
            for (var name : List.of("y", "z"))
                assertThat(client(fleet).build(drv(name)).isSuccess()).isTrue();
            assertThat(fleet.events().starting("doubled"))
                    .as("while another waits")
                    .isEmpty();
            gateOfFirst.open();
            Await.result(first);

            assertThat(Await.result(x).status()).isEqualTo(BuildStatus.BUILT);
            atFast.open();
            Await.result(next);
            assertThat(fleet.events().all()).contains("assigned next fast", "doubled x fast slow");
        }
    }

    private static ClientGrant oneAtATime() {
        return new ClientGrant("guests", true, 0, Optional.empty(), Optional.empty(), OptionalInt.of(1), false);
    }

    @Test
    void whateverBreaksEachBuildHasOneEndAndNothingLeaks() {
        var doubled = new AtomicInteger();
        Seeds.run(3, random -> storm(random, doubled));
        assertThat(doubled).as("second attempts").hasPositiveValue();
    }

    private void storm(RandomGenerator random, AtomicInteger doubled) {
        var machines = new FakeMachine[] {machine("a", 2, 1), machine("b", 2, 2), machine("c", 2, 4)};
        for (var machine : machines)
            machine.building((drvPath, derivation, options, log) -> {
                log.line(ByteString.of("building"));
                LockSupport.parkNanos(drvPath.hashCode() % 2 == 0 ? 20_000_000 : 100_000);
                return machine.makeOutputs(drvPath, derivation, options, log);
            });
        try (var fleet =
                plan().expecting(Work.of(Duration.ofSeconds(1))).maxAttempts(9).start(machines)) {
            var clients = new ArrayList<TestClient>();
            var builds = new ArrayList<CompletableFuture<BuildStatus>>();
            for (int i = 0; i < 4; i++) {
                var client = client(fleet);
                clients.add(client);
                int number = i;
                builds.add(Await.start(() -> {
                    var status = BuildStatus.BUILT;
                    for (int j = 0; j < 6 && status == BuildStatus.BUILT; j++) {
                        var x = drv("x%d-%d".formatted(number, j), client.upload("input" + j % 3));
                        status = client.build(x).status();
                    }
                    return status;
                }));
            }
            while (!builds.stream().allMatch(CompletableFuture::isDone)) {
                switch (random.nextInt(16)) {
                    case 0 -> machines[random.nextInt(machines.length)].restart();
                    case 1 -> {
                        if (random.nextInt(4) == 0)
                            clients.get(random.nextInt(clients.size())).leave();
                    }
                    default -> {
                        fleet.clock().advance(Duration.ofSeconds(70));
                        fleet.look();
                    }
                }
                // A machine may find out a little later that an attempt has been stopped; the slots are ours.
                assertThat(fleet.queue().snapshot().machines())
                        .allMatch(view -> view.slotsTaken() <= view.machine().maxJobs());
                LockSupport.parkNanos(1_000_000);
            }
            for (var build : builds)
                if (!build.isCompletedExceptionally())
                    assertThat(build.join()).isIn(BuildStatus.BUILT, BuildStatus.TRANSIENT_FAILURE);
            doubled.addAndGet(fleet.events().starting("doubled").size());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
