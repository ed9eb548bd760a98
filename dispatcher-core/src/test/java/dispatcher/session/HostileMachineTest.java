package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.Verify;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Liar;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Machines that lie. Whatever one says, a client gets what an honest machine has built, or nothing whole.
@Timeout(120)
class HostileMachineTest {
    private static final int LARGE = 1 << 20;

    /// Lines, of which the client takes a few only; a log does not notice that its reader is gone.
    private static final int ENDLESS = 100_000;

    private static final String REPAIR = "`nix-store --verify --check-contents --repair`";

    @TempDir
    private Path temp;

    private static FakeMachine machine(String name, double speed, MachineProtocol protocol) {
        var machine = new FakeMachine(Machines.machine(name, 2, speed, List.of("ca-derivations"), List.of()));
        return protocol == MachineProtocol.SSH ? machine.overServe() : machine;
    }

    private TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool"));
    }

    static Stream<Arguments> lies() {
        return Arrays.stream(Lie.values())
                .flatMap(lie -> Arrays.stream(MachineProtocol.values())
                        .flatMap(machine -> Arrays.stream(ClientProtocol.values())
                                .map(client -> Arguments.of(lie, machine, client))));
    }

    @ParameterizedTest
    @MethodSource("lies")
    void attemptIsLostAndTheBuildGoesElsewhere(Lie lie, MachineProtocol protocol, ClientProtocol clientProtocol)
            throws Exception {
        var liar = machine("liar", 2, protocol);
        var honest = machine("honest", 1, protocol);
        lie.teach(liar);
        boolean stalls = lie.reason().startsWith("has not answered");
        try (var fleet = plan().answerLimit(stalls ? Duration.ofMillis(700) : Duration.ofMinutes(1))
                .start(liar, honest)) {
            var client = fleet.remote(clientProtocol);
            client.upload("libc");
            var drv = lie.derivation();
            if (lie == Lie.FIXED_OUTPUT_WITH_ANOTHER_CONTENT) {
                // Neither machine can make what has this hash.
                assertThat(client.build(drv).status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
                assertThat(fleet.failures(honest)).isOne();
            } else {
                var result = client.build(drv);
                assertThat(result.status()).isEqualTo(BuildStatus.BUILT);
                var path = drv.derivation().outputs().firstEntry().getValue().path();
                assertThat(client.fetch(path.orElseGet(() -> honestOutput(drv, honest))))
                        .isEqualTo(NarTree.file("out of %s, built on honest".formatted(drv.path())));
                assertThat(fleet.failures(honest)).isZero();
            }
            assertThat(fleet.events().starting("lost x liar"))
                    .singleElement()
                    .asString()
                    .contains(lie.reason());
            assertThat(client.notes())
                    .filteredOn(
                            note -> note.contains("lost machine liar") || note.contains("machine liar cannot be used"))
                    .hasSize(1);
            assertThat(fleet.failures(liar)).isOne();
            assertThat(fleet.spooled()).containsExactly(FakeStore.path("libc"));
        }
    }

    private static StorePath honestOutput(TestFleet.Drv drv, FakeMachine honest) {
        return FakeMachine.addressed("x", NarTree.file("out of %s, built on %s".formatted(drv.path(), honest.name())))
                .path();
    }

    @ParameterizedTest
    @EnumSource(
            value = Lie.class,
            names = {
                "NAR_OF_ANOTHER_FILE",
                "NAR_THAT_IS_SHORTER",
                "NAR_THAT_IS_LONGER",
                "NAR_WITHOUT_END",
                "NAR_THAT_IS_NONE"
            })
    void largeNarThatIsFoundWrongOnItsWayNeverArrivesWholeAndIsBuiltElsewhereNextTime(Lie lie) throws Exception {
        for (var protocol : MachineProtocol.values()) {
            var liar = machine("liar", 2, protocol).padding(LARGE);
            var honest = machine("honest", 1, protocol).padding(LARGE);
            lie.teach(liar);
            try (var fleet = plan().start(liar, honest)) {
                var client = fleet.remote(ClientProtocol.WORKER);
                var x = drv("x");
                assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);
                long right = liar.store().info(x.out()).narSize();
                var nar = new ByteArrayOutputStream();
                assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, nar))
                        .isInstanceOf(IOException.class);
                assertThat((long) nar.size()).isLessThan(right);
                assertThat(fleet.failures(liar)).isOne();
                client.leave();

                var again = fleet.remote(ClientProtocol.WORKER);
                assertThat(again.has(x.out())).isFalse();
                assertThat(again.build(x).status()).isEqualTo(BuildStatus.BUILT);
                assertThat(again.fetch(x.out())).isEqualTo(honest.store().tree(x.out()));
                assertThat(fleet.spooled()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void inputThatItsMachineGivesWronglyIsHeldAgainstThatMachineAndNotItsReceiver(MachineProtocol protocol)
            throws Exception {
        var liar = machine("liar", 2, protocol).padding(LARGE);
        var honest = machine("honest", 1, protocol);
        try (var fleet = plan().start(liar, honest)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var x = drv("x");
            client.build(x);
            liar.store().with(liar.store().info(x.out()), NarTree.file("#"));
            liar.answering(BuildResult.of(BuildStatus.TRANSIENT_FAILURE, "not here"));

            assertThat(client.build(drv("y", x.out())).status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(fleet.failures(honest)).isZero();
            assertThat(fleet.failures(liar)).isOne();
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void reasonOfAMachineWithADamagedPathSaysWhatMendsIt(MachineProtocol protocol) throws Exception {
        var machine = machine("damaged", 2, protocol).padding(LARGE);
        try (var fleet = plan().start(machine)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var x = drv("x");
            client.build(x);
            machine.store().with(machine.store().info(x.out()), NarTree.file("#"));

            assertThatThrownBy(() -> client.fetch(x.out())).isInstanceOf(IOException.class);
            assertThat(fleet.trouble(machine)).contains("the NAR of " + x.out() + " from damaged", REPAIR);
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void logWithoutEndIsCutWhereTheClientSaysAndTheMachineIsLeft(MachineProtocol protocol) throws Exception {
        var liar = machine("liar", 2, protocol);
        liar.building((_, _, _, log) -> {
            for (int i = 0; i < ENDLESS; i++) {
                log.line(ByteString.of("and so on, and so on, and so on, and so on"));
                log.flush();
            }
            throw new IOException("nobody listens");
        });
        try (var fleet = plan().start(liar)) {
            var client = fleet.remote(ClientProtocol.SERVE);
            var options = new BuildOptions(BuildMode.NORMAL, Duration.ZERO, Duration.ZERO, 50_000, false);
            assertThat(client.build(drv("x"), options).status()).isEqualTo(BuildStatus.LOG_LIMIT_EXCEEDED);
            Await.until("the machine is left", () -> liar.open() == 0);
        }
    }

    @Test
    void notesWithoutEndCountAsLogToo() throws Exception {
        var liar = machine("liar", 2, MachineProtocol.SSH_NG);
        liar.building((_, _, _, log) -> {
            for (int i = 0; i < ENDLESS; i++) {
                log.note("and so on, and so on, and so on, and so on");
                log.flush();
            }
            throw new IOException("nobody listens");
        });
        try (var fleet = plan().start(liar)) {
            var client = fleet.remote(ClientProtocol.SERVE);
            var options = new BuildOptions(BuildMode.NORMAL, Duration.ZERO, Duration.ZERO, 50_000, false);
            assertThat(client.build(drv("x"), options).status()).isEqualTo(BuildStatus.LOG_LIMIT_EXCEEDED);
            Await.until("the machine is left", () -> liar.open() == 0);
        }
    }

    /// A machine that says in its infos what is so, and in a later answer what is not.
    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void machineIsHeldToWhatItSaidFirst(MachineProtocol protocol) throws Exception {
        var liar = machine("liar", 1, protocol);
        try (var fleet = plan().start(liar)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var x = drv("x");
            client.build(x);
            var first = liar.store().info(x.out());
            liar.store().with(FakeStore.info("x", NarTree.file("#")), NarTree.file("#"));

            assertThat(client.store().queryPathInfo(x.out()).orElseThrow().narHash())
                    .isEqualTo(first.narHash());
            assertThat(client.fetch(x.out()).toNar()).hasSize((int) first.narSize());
        }
    }

    /// Its builds fail for want of inputs, however often it got them.
    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void machineThatDeniesTheInputsThatItTookIsSetAsideAndTheBuildGoesElsewhere(MachineProtocol protocol)
            throws Exception {
        var liar = machine("liar", 2, protocol);
        var honest = machine("honest", 1, protocol);
        liar.lying(truth -> new Liar(truth) {
            @Override
            public SortedSet<StorePath> queryValidPaths(
                    Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) {
                return new TreeSet<>();
            }

            @Override
            public BuildResult buildDerivation(
                    StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log) {
                return BuildResult.of(BuildStatus.TRANSIENT_FAILURE, "an input is not valid");
            }
        });
        try (var fleet = plan().start(liar, honest)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var libc = client.upload("libc");

            assertThat(client.build(drv("x", libc)).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(honest.built()).containsExactly(drv("x").path());
            assertThat(liar.received()).containsExactly(libc, libc);
            assertThat(fleet.failures(liar)).isOne();
            assertThat(fleet.trouble(liar)).contains(libc.toString(), "twice");
        }
    }

    /// It builds all the same; but each build would send it all anew.
    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void machineThatDeniesWhatItHasToKeepForOthersIsSetAside(MachineProtocol protocol) throws Exception {
        var liar = machine("liar", 9, protocol);
        var honest = machine("honest", 1, protocol);
        liar.lying(truth -> new Liar(truth) {
            @Override
            public SortedSet<StorePath> queryValidPaths(
                    Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) {
                return new TreeSet<>();
            }
        });
        try (var fleet = plan().start(liar, honest)) {
            // Each has not fetched its output yet, and so keeps its conversation with the machine.
            for (int i = 0; i < 4; i++) {
                var client = fleet.remote(ClientProtocol.WORKER);
                var libc = client.upload("libc");
                assertThat(client.build(drv("x" + i, libc)).status()).isEqualTo(BuildStatus.BUILT);
            }

            assertThat(fleet.trouble(liar)).contains(FakeStore.path("libc").toString(), "does not have it");
            assertThat(liar.received()).hasSize(3);
            assertThat(honest.built()).containsExactly(drv("x3").path());
        }
    }

    /// The build that was lost to it is built elsewhere; and no other build of its brings it back.
    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void liarIsNotBackBecauseAnotherBuildOfItsGoesWell(MachineProtocol protocol) throws Exception {
        var liar = machine("liar", 9, protocol);
        var honest = machine("honest", 1, protocol);
        try (var fleet = plan().start(liar, honest)) {
            var gate = liar.holdBuilds();
            var slow = fleet.remote(ClientProtocol.WORKER).start(drv("slow"));
            gate.awaitArrivals(1);
            Lie.OUTPUT_THAT_IS_NOT_THERE.teach(liar);
            liar.building(liar::makeOutputs);
            assertThat(fleet.remote(ClientProtocol.WORKER).build(drv("x")).status())
                    .isEqualTo(BuildStatus.BUILT);
            gate.open();
            assertThat(Await.result(slow).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(liar.built()).contains(drv("slow").path());

            assertThat(fleet.remote(ClientProtocol.WORKER).build(drv("y")).status())
                    .isEqualTo(BuildStatus.BUILT);
            assertThat(honest.built()).containsExactly(drv("x").path(), drv("y").path());
            assertThat(fleet.events().starting("back")).isEmpty();
        }
    }
}
