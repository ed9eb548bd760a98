package dispatcher.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.access.ClientGrant;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.RealisationJson;
import dispatcher.nix.StorePath;
import dispatcher.nix.key.NixSecretKey;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Keys;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What clients say of outputs of content-addressed derivations, as `nix copy` does, and ask for again.
@Timeout(60)
class RealisationsTest {
    private static final RealisationId BY_HASH = new RealisationId.OfHash("sha256:" + "ab".repeat(32), "out");
    private static final RealisationId BY_PATH = new RealisationId.OfPath(FakeStore.path("x.drv"), "out");
    private static final NarTree TREE = NarTree.file("made");
    private static final ClientGrant GUEST = untrusted(false);
    private static final ClientGrant ISOLATED = untrusted(true);

    private static ClientGrant untrusted(boolean isolated) {
        return new ClientGrant(
                "rule", false, 0, Optional.empty(), Optional.empty(), OptionalInt.empty(), false, isolated);
    }

    @TempDir
    private Path temp;

    private final FakeMachine machine = FakeMachine.named("a", 1);

    private TestFleet fleet() throws IOException {
        return TestFleet.plan(temp.resolve("spool")).start(machine);
    }

    /// A content-addressed path, which anybody may see.
    private static StorePath upload(TestClient client) throws IOException, InterruptedException {
        var info = FakeMachine.addressed("made", TREE);
        client.store().addToStore(List.of(FakeStore.toAdd(info, TREE)));
        return info.path();
    }

    private static Realisation signed(NixSecretKey key, Realisation realisation) {
        var signature = key.sign(RealisationJson.fingerprint(realisation)).toString();
        return realisation.withSignatures(new TreeSet<>(Set.of(signature)));
    }

    @Test
    void realisationIsKeptWithThePathThatItNamesAndToldInEitherForm() throws Exception {
        Realisation byHash;
        Realisation byPath;
        try (var fleet = fleet();
                var old = fleet.of234(ClientGrant.DEFAULT).store();
                var newer = fleet.remote(ClientProtocol.WORKER).store()) {
            var path = upload(fleet.remote(ClientProtocol.WORKER));
            byHash = Realisation.unsigned(BY_HASH, path);
            byPath = Realisation.unsigned(BY_PATH, path);
            old.registerRealisation(byHash);
            newer.registerRealisation(byPath);

            assertThat(old.queryRealisation(BY_HASH)).contains(byHash);
            assertThat(newer.queryRealisation(BY_PATH)).contains(byPath);
            assertThat(newer.queryRealisation(new RealisationId.OfPath(FakeStore.path("x.drv"), "dev")))
                    .isEmpty();
        }
        try (var fleet = fleet()) {
            assertThat(fleet.of234(ClientGrant.DEFAULT).store().queryRealisation(BY_HASH))
                    .contains(byHash);
            assertThat(fleet.remote(ClientProtocol.WORKER).store().queryRealisation(BY_PATH))
                    .contains(byPath);
        }
    }

    @Test
    void realisationGoesWithItsPath() throws Exception {
        try (var fleet = TestFleet.plan(temp.resolve("spool")).spoolBytes(1700).start(machine)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var path = upload(client);
            client.store().registerRealisation(Realisation.unsigned(BY_PATH, path));
            client.leave();

            var other = fleet.remote(ClientProtocol.WORKER);
            other.upload("large", NarTree.file("x".repeat(1500)));
            assertThat(fleet.spooled()).doesNotContain(path);
            assertThat(other.store().queryRealisation(BY_PATH)).isEmpty();

            other.leave();

            var third = fleet.remote(ClientProtocol.WORKER);
            upload(third);
            assertThat(third.store().queryRealisation(BY_PATH)).isEmpty();
        }
    }

    @Test
    void realisationOfAPathThatIsNotHereIsRefusedAndTheConversationGoesOn() throws Exception {
        try (var fleet = fleet()) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var absent = FakeMachine.addressed("made", TREE).path();
            assertThatThrownBy(() -> client.store().registerRealisation(Realisation.unsigned(BY_PATH, absent)))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("that path is not here; copy it here first");
            assertThat(client.has(upload(client))).isTrue();
        }
    }

    /// `nix copy` sends no path that a machine has, and its realisation all the same.
    @Test
    void realisationOfAPathThatOnlyAMachineHasIsKeptWhileItIsThere() throws Exception {
        try (var fleet = fleet()) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var out = TestFleet.drv("x").out();
            client.build(TestFleet.drv("x"));
            client.store().registerRealisation(Realisation.unsigned(BY_PATH, out));
            assertThat(client.store().queryRealisation(BY_PATH)).contains(Realisation.unsigned(BY_PATH, out));
            client.leave();

            machine.store().remove(out);
            assertThat(fleet.remote(ClientProtocol.WORKER).store().queryRealisation(BY_PATH))
                    .isEmpty();
        }
    }

    @Test
    void clientWithoutTrustNeedsASignatureByATrustedKey() throws Exception {
        var key = Keys.secret("ci-1");
        try (var fleet =
                TestFleet.plan(temp.resolve("spool")).trusting(key.publicKey()).start(machine)) {
            for (var id : List.of(BY_HASH, BY_PATH)) {
                var guest = id.equals(BY_HASH) ? fleet.of234(GUEST) : fleet.remote(ClientProtocol.WORKER, GUEST);
                var realisation = Realisation.unsigned(id, upload(guest));
                var other = Realisation.unsigned(id, realisation.outPath())
                        .withSignatures(signed(key, Realisation.unsigned(id, FakeStore.path("other")))
                                .signatures());
                for (var unproven : List.of(realisation, signed(Keys.secret("ci-1"), realisation), other))
                    assertThatThrownBy(() -> guest.store().registerRealisation(unproven))
                            .isInstanceOf(StoreRefusedException.class)
                            .hasMessageStartingWith(
                                    "cannot register realisation '%s' because it lacks a signature".formatted(id));
                assertThat(guest.store().queryRealisation(id)).isEmpty();

                guest.store().registerRealisation(signed(key, realisation));
                assertThat(guest.store().queryRealisation(id)).contains(signed(key, realisation));
            }
        }
    }

    @Test
    void isolatedClientIsToldWhatATrustedKeyHasSigned() throws Exception {
        var key = Keys.secret("ci-1");
        try (var fleet =
                TestFleet.plan(temp.resolve("spool")).trusting(key.publicKey()).start(machine)) {
            var other = fleet.remote(ClientProtocol.WORKER);
            var path = upload(other);
            other.store().registerRealisation(Realisation.unsigned(BY_PATH, path));
            var isolated = fleet.remote(ClientProtocol.WORKER, "isolated", ISOLATED);
            assertThat(isolated.store().queryRealisation(BY_PATH)).isEmpty();

            other.store().registerRealisation(signed(key, Realisation.unsigned(BY_PATH, path)));
            assertThat(isolated.store().queryRealisation(BY_PATH))
                    .contains(signed(key, Realisation.unsigned(BY_PATH, path)));
        }
    }
}
