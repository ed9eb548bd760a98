package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.Hash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.nix.key.NixSecretKey;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.Locations;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Keys;
import dispatcher.testkit.Liar;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a machine holds goes to other machines and to clients only if somebody else says that it is the right one.
@Timeout(120)
class HeldPathsTest {
    private static final NarTree RIGHT = NarTree.file("right");
    private static final NarTree WRONG = NarTree.file("wrong");

    @TempDir
    private Path temp;

    private final Locations known = new Locations();

    private TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool")).locations(known);
    }

    private static FakeMachine machine(String name, double speed, MachineProtocol protocol) {
        var machine = new FakeMachine(Machines.machine(name, 2, speed));
        return protocol == MachineProtocol.SSH ? machine.overServe() : machine;
    }

    private static TestClient client(TestFleet fleet) throws IOException {
        return fleet.remote(ClientProtocol.WORKER);
    }

    /// It builds nothing from now on, so that whatever is built needs what it holds elsewhere.
    private static void retire(FakeMachine machine) {
        machine.answering(BuildResult.of(BuildStatus.TRANSIENT_FAILURE, "not here"));
    }

    private static PathInfo signed(NixSecretKey key, PathInfo info) {
        return key.sign(info, StoreDir.NIX_STORE);
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void builtPathThatItsMachineHasExchangedSinceGoesNowhere(MachineProtocol protocol) throws Exception {
        var liar = machine("liar", 9, protocol);
        var honest = machine("honest", 1, protocol);
        try (var fleet = plan().start(liar, honest)) {
            var x = drv("x");
            var first = client(fleet);
            assertThat(first.build(x).status()).isEqualTo(BuildStatus.BUILT);
            first.leave();
            assertThat(honest.built()).isEmpty();
            liar.store().with(FakeStore.info("x", WRONG), WRONG);
            retire(liar);

            var result = client(fleet).build(drv("y", x.out()));
            assertThat(result.status()).as(result.message()).isEqualTo(BuildStatus.BUILT);
            assertThat(honest.store().tree(x.out()))
                    .as("made again")
                    .isEqualTo(NarTree.file("out of %s, built on honest".formatted(x.path())));
            assertThat(client(fleet).fetch(x.out())).isEqualTo(honest.store().tree(x.out()));
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void sentPathThatItsMachineHasExchangedSinceIsSentByTheNextClient(MachineProtocol protocol) throws Exception {
        var liar = machine("liar", 9, protocol);
        var honest = machine("honest", 1, protocol);
        known.addContents(List.of(FakeStore.info("libc", RIGHT)));
        known.add(List.of(FakeStore.path("libc")), "liar");
        liar.store().with(FakeStore.info("libc", WRONG), WRONG);
        retire(liar);
        try (var fleet = plan().start(liar, honest)) {
            var client = client(fleet);
            assertThat(client.has(FakeStore.path("libc"))).isFalse();
            client.upload("libc", RIGHT);

            assertThat(client.build(drv("x", FakeStore.path("libc"))).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(honest.store().tree(FakeStore.path("libc"))).isEqualTo(RIGHT);
            assertThat(fleet.failures(liar))
                    .as("it may have got it from elsewhere")
                    .isZero();
        }
    }

    @Test
    void referencesHaveToBeThoseThatWereSentToo() throws Exception {
        var liar = machine("liar", 9, MachineProtocol.SSH_NG);
        known.addContents(List.of(FakeStore.info("libc", RIGHT, FakeStore.path("linux-headers"))));
        known.add(List.of(FakeStore.path("libc")), "liar");
        liar.store().with(FakeStore.info("libc", RIGHT), RIGHT);
        try (var fleet = plan().start(liar)) {
            assertThat(client(fleet).has(FakeStore.path("libc"))).isFalse();
        }
    }

    /// As after a restart, or an update from a version that kept no record of contents.
    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void outputsThatAMachineIsSaidToHoldAreBuiltAgainIfTheyAreNotThoseThatWereBuilt(MachineProtocol protocol)
            throws Exception {
        var a = machine("a", 1, protocol);
        var x = drv("x");
        var y = drv("y");
        for (var name : List.of("x", "y")) a.store().with(FakeStore.info(name, WRONG), WRONG);
        known.addBuilt(List.of(FakeStore.info("x", RIGHT)), "a");
        known.add(List.of(y.out()), "a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);

            assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.build(y).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(a.built()).containsExactly(x.path(), y.path());
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void whatATrustedKeyHasSignedGoesOn(MachineProtocol protocol) throws Exception {
        var key = Keys.secret("cache-1");
        var a = machine("a", 9, protocol);
        var b = machine("b", 1, protocol);
        var libc = signed(key, FakeStore.info("libc", RIGHT));
        a.store().with(libc, RIGHT);
        known.add(List.of(libc.path()), "a");
        retire(a);
        try (var fleet = plan().trusting(key.publicKey()).start(a, b)) {
            var client = client(fleet);

            assertThat(client.fetch(libc.path())).isEqualTo(RIGHT);
            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(b.store().info(libc.path()).signatures()).isEqualTo(libc.signatures());
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void whatAnotherKeyHasSignedOrSomethingElseIsSignedDoesNot(MachineProtocol protocol) throws Exception {
        var key = Keys.secret("cache-1");
        var libc = FakeStore.info("libc", WRONG);
        var byOther = signed(Keys.secret("cache-1"), libc);
        var ofOther = libc.withSignature(
                signed(key, FakeStore.info("libc", RIGHT)).signatures().first());
        for (var lie : List.of(byOther, ofOther, libc)) {
            var a = machine("a", 1, protocol);
            a.store().with(lie, WRONG);
            known.add(List.of(libc.path()), "a");
            try (var fleet = plan().trusting(key.publicKey()).start(a)) {
                var client = client(fleet);

                assertThat(client.has(libc.path())).isFalse();
                assertThat(client.store().queryPathInfo(libc.path())).isEmpty();
                assertThatThrownBy(
                                () -> client.store().narFromPath(libc.path(), Verify.HERE, new ByteArrayOutputStream()))
                        .isInstanceOf(IOException.class);
            }
        }
    }

    private static PathInfo text(NarTree tree, String content) {
        var hash = Hash.sha256(content.getBytes(StandardCharsets.UTF_8));
        return new PathInfo(
                StorePaths.fixedOutput(StoreDir.NIX_STORE, "source", Method.FLAT, hash),
                Optional.empty(),
                tree.narHash(),
                new TreeSet<>(),
                Instant.EPOCH,
                tree.toNar().length,
                false,
                new TreeSet<>(),
                Optional.of(new ContentAddress(Method.FLAT, hash)));
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void whatFollowsFromItsContentGoesOn(MachineProtocol protocol) throws Exception {
        var a = machine("a", 9, protocol);
        var b = machine("b", 1, protocol);
        var source = text(RIGHT, "right");
        a.store().with(source, RIGHT);
        known.add(List.of(source.path()), "a");
        retire(a);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);

            assertThat(client.build(drv("x", source.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(b.store().tree(source.path())).isEqualTo(RIGHT);
            assertThat(client.fetch(source.path())).isEqualTo(RIGHT);
            assertThat(known.contents().agrees(source)).as("for the next time").isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void contentThatDoesNotHaveItsAddressNeverArrivesWholeAndIsHeldAgainstItsMachine(MachineProtocol protocol)
            throws Exception {
        var liar = machine("liar", 9, protocol);
        var source = text(WRONG, "right");
        liar.store().with(source, WRONG);
        known.add(List.of(source.path()), "liar");
        try (var fleet = plan().start(liar)) {
            var nar = new ByteArrayOutputStream();
            assertThatThrownBy(() -> client(fleet).store().narFromPath(source.path(), Verify.HERE, nar))
                    .isInstanceOf(IOException.class);
            assertThat((long) nar.size()).isLessThan(source.narSize());
            assertThat(fleet.failures(liar)).isOne();
            assertThat(client(fleet).has(source.path())).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void contentThatDoesNotHaveItsAddressGoesToNoOtherMachine(MachineProtocol protocol) throws Exception {
        var liar = machine("liar", 9, protocol);
        var honest = machine("honest", 1, protocol);
        var source = text(WRONG, "right");
        liar.store().with(source, WRONG);
        known.add(List.of(source.path()), "liar");
        retire(liar);
        try (var fleet = plan().start(liar, honest)) {
            assertThat(client(fleet).build(drv("x", source.path())).status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(honest.received()).isEmpty();
            assertThat(fleet.failures(honest)).isZero();
        }
    }

    @Test
    void promisedPathThatNothingProvesIsNotPassedOnAndNextTimeTheClientSendsIt() throws Exception {
        var liar = new FakeMachine(Machines.machine("liar", 0, 1));
        var honest = new FakeMachine(Machines.machine("honest", 2, 1));
        var libc = FakeStore.info("libc", WRONG);
        liar.store().substituting(libc, WRONG);
        try (var fleet = plan().start(liar, honest)) {
            var client = client(fleet);
            assertThat(client.store().queryValidPaths(List.of(libc.path()), true))
                    .containsExactly(libc.path());
            var result = client.build(drv("x", libc.path()));
            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("honest", libc.path().toString(), "liar", "trustedPublicKeys");
            assertThat(honest.received()).isEmpty();
            assertThat(fleet.failures(honest)).isZero();

            assertThat(client.store().queryValidPaths(List.of(libc.path()), true))
                    .isEmpty();
            client.upload("libc", RIGHT);
            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(honest.store().tree(libc.path())).isEqualTo(RIGHT);
        }
    }

    @Test
    void promiseThatWasNotKeptIsNotBelievedAgain() throws Exception {
        var liar = new FakeMachine(Machines.machine("liar", 2, 1));
        var libc = FakeStore.path("libc");
        liar.store().promising(libc);
        try (var fleet = plan().start(liar)) {
            var client = client(fleet);
            assertThat(client.store().queryValidPaths(List.of(libc), true)).containsExactly(libc);
            assertThat(client.build(drv("x", libc)).status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);

            assertThat(client.store().queryValidPaths(List.of(libc), true)).isEmpty();
            client.upload("libc", RIGHT);
            assertThat(client.build(drv("x", libc)).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    void buildGoesToTheMachineThatCanFetchByItselfWhatNothingProves() throws Exception {
        var fetching = new FakeMachine(Machines.machine("fetching", 2, 1));
        var faster = new FakeMachine(Machines.machine("faster", 2, 9));
        var libc = FakeStore.info("libc", RIGHT);
        fetching.store().substituting(libc, RIGHT);
        try (var fleet = plan().start(fetching, faster)) {
            var client = client(fleet);
            assertThat(client.store().queryValidPaths(List.of(libc.path()), true))
                    .containsExactly(libc.path());

            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fetching.built()).containsExactly(drv("x").path());
            assertThat(faster.received()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void machineThatDeniesTwiceWhatItSaidToHaveIsSetAsideForThatPath(MachineProtocol protocol) throws Exception {
        var liar = machine("liar", 1, protocol);
        var libc = FakeStore.info("libc", RIGHT);
        known.addContents(List.of(libc));
        liar.store().with(libc, RIGHT);
        liar.lying(truth -> new Liar(truth) {
            @Override
            public Optional<PathInfo> queryPathInfo(StorePath path) {
                return Optional.empty();
            }
        });
        try (var fleet = plan().start(liar)) {
            known.add(List.of(libc.path()), "liar");
            assertThat(client(fleet).has(libc.path())).isFalse();
            assertThat(fleet.failures(liar))
                    .as("garbage may have been collected")
                    .isZero();
            known.add(List.of(libc.path()), "liar");
            known.addContents(List.of(FakeStore.info("libc", WRONG)));
            assertThat(client(fleet).has(libc.path())).isFalse();
            assertThat(fleet.failures(liar)).isOne();
            assertThat(fleet.trouble(liar)).contains(libc.path().toString(), "and then that it has not");
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void narThatIsNotWhatItsMachineSaysGoesToNoOtherMachine(MachineProtocol protocol) throws Exception {
        var key = Keys.secret("cache-1");
        var liar = machine("liar", 9, protocol);
        var honest = machine("honest", 1, protocol);
        var libc = signed(key, FakeStore.info("libc", RIGHT));
        liar.store().with(libc, WRONG);
        known.add(List.of(libc.path()), "liar");
        retire(liar);
        try (var fleet = plan().trusting(key.publicKey()).start(liar, honest)) {
            assertThat(client(fleet).build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(honest.received()).isEmpty();
            assertThat(fleet.failures(honest)).isZero();
            assertThat(fleet.failures(liar)).isOne();
            assertThatThrownBy(() -> client(fleet)
                            .store()
                            .narFromPath(libc.path(), Verify.HERE, OutputStream.nullOutputStream()))
                    .isInstanceOf(IOException.class);
        }
    }
}
