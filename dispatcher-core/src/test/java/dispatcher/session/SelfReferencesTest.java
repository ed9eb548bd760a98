package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.access.ClientGrant;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Keys;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Content-addressed outputs that refer to themselves: Nix 2.17 to 2.34 makes other paths of them than versions
/// before and after.
@Timeout(60)
class SelfReferencesTest {
    private static final ClientGrant GUEST =
            new ClientGrant("guests", false, 0, Optional.empty(), Optional.empty(), OptionalInt.empty(), false);
    private static final int DIGITS = 32;

    @TempDir
    private Path temp;

    /// Which version of Nix makes the path.
    enum Nix {
        V2_34,
        V2_36;

        private Hash hash(byte[] zeroed) {
            var hashed = new ByteArrayOutputStream();
            hashed.writeBytes(zeroed);
            int at = new String(zeroed, StandardCharsets.ISO_8859_1).indexOf("\0".repeat(DIGITS));
            if (this == V2_36) hashed.writeBytes("|%d".formatted(at).getBytes(StandardCharsets.US_ASCII));
            return Hash.sha256(hashed.toByteArray());
        }
    }

    private record Made(PathInfo info, NarTree tree) {}

    private static NarTree tree(String self) {
        return NarTree.file("I am at /nix/store/%s-x, and nowhere else".formatted(self));
    }

    private static Made made(Nix nix) {
        var hash = nix.hash(tree("\0".repeat(DIGITS)).toNar());
        var path = StorePaths.source(StoreDir.NIX_STORE, "x", hash, List.of(), true);
        var tree = tree(path.hashPart());
        var info = PathInfo.of(path, tree.narHash(), tree.toNar().length, Set.of(path))
                .withContentAddress(new ContentAddress(Method.NAR, hash));
        return new Made(info, tree);
    }

    private static FakeMachine making(String name, double speed, Made made) {
        var machine = new FakeMachine(Machines.machine(name, 2, speed, List.of("ca-derivations"), List.of()));
        return machine.building((_, _, _, _) -> {
            machine.store().with(made.info(), made.tree());
            return BuildResult.of(BuildStatus.BUILT, "")
                    .withOutputs(Map.of(
                            "out", Realisation.ofOutput("out", made.info().path())));
        });
    }

    private static void add(TestClient client, PathInfo info, NarTree tree) throws IOException, InterruptedException {
        client.store().addToStore(List.of(FakeStore.toAdd(info, tree)));
    }

    @ParameterizedTest
    @EnumSource
    void outputIsTakenWhicheverVersionMadeItsPath(Nix nix) throws Exception {
        var x = drv("x").with(new DerivationOutput.Floating(MethodAlgorithm.parseDerivation("r:sha256")));
        var made = made(nix);
        var machine = making("a", 1, made);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(machine)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            assertThat(client.build(x).outputs().values())
                    .extracting(Realisation::outPath)
                    .containsExactly(made.info().path());
            assertThat(client.fetch(made.info().path())).isEqualTo(made.tree());
            assertThat(fleet.failures(machine)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void outputWithAnotherContentIsStillALie(Nix nix) throws Exception {
        var x = drv("x").with(new DerivationOutput.Floating(MethodAlgorithm.parseDerivation("r:sha256")));
        var right = made(nix);
        var wrong = NarTree.file("I am elsewhere than at " + right.info().path());
        var info = PathInfo.of(
                        right.info().path(),
                        wrong.narHash(),
                        wrong.toNar().length,
                        right.info().references())
                .withContentAddress(right.info().contentAddress().orElseThrow());
        var liar = making("liar", 2, new Made(info, wrong));
        var honest = making("honest", 1, right);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(liar, honest)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            client.build(x);
            assertThat(client.fetch(right.info().path())).isEqualTo(right.tree());
            assertThat(fleet.failures(liar)).isOne();
            assertThat(fleet.failures(honest)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void trustedClientUploadsItWhicheverVersionMadeItsPath(Nix nix) throws Exception {
        var made = made(nix);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(FakeMachine.named("a", 1))) {
            var client = fleet.remote(ClientProtocol.WORKER);
            add(client, made.info(), made.tree());
            assertThat(client.has(made.info().path())).isTrue();
        }
    }

    /// Else it could send one with zeroes in place of a reference, in the name of the other.
    @Test
    void clientWithoutTrustNeedsASignatureWhereOthersHaveTheSameAddress() throws Exception {
        var key = Keys.secret("ci-1");
        try (var fleet =
                TestFleet.plan(temp.resolve("spool")).trusting(key.publicKey()).start(FakeMachine.named("a", 1))) {
            var guest = fleet.remote(ClientProtocol.WORKER, GUEST);
            var newer = made(Nix.V2_36);
            add(guest, newer.info(), newer.tree());
            assertThat(guest.has(newer.info().path())).isTrue();

            var older = made(Nix.V2_34);
            assertThatThrownBy(() -> add(guest, older.info(), older.tree()))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("with which other contents have that address too");
            add(guest, key.sign(older.info(), StoreDir.NIX_STORE), older.tree());
            assertThat(guest.has(older.info().path())).isTrue();
        }
    }

    /// It hashes what it gets in its own way.
    @Test
    void machineThatRefusesWhatAnotherVersionMadeIsNotToBlameAndAnotherBuilds() throws Exception {
        var older = made(Nix.V2_34);
        StorePath path = older.info().path();
        var newer = new FakeMachine(Machines.machine("newer", 2, 2));
        newer.store().refusing(path, "ca hash mismatch importing path '%s'".formatted(path));
        var same = new FakeMachine(Machines.machine("same", 2, 1));
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(newer, same)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            add(client, older.info(), older.tree());
            assertThat(client.build(drv("y", path)).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(same.built()).hasSize(1);
            assertThat(fleet.failures(newer)).isZero();
        }
    }
}
