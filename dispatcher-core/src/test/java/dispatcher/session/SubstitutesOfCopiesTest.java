package dispatcher.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.access.ClientGrant;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
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
import java.security.GeneralSecurityException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Clients that copy a path here and have what can be fetched be fetched, as `nix copy --substitute-on-destination`
/// does. They build nothing, and leave when they hear that it is valid.
@Timeout(60)
class SubstitutesOfCopiesTest {
    private static final NarTree TREE = NarTree.file("libc");
    private static final StorePath LIBC = FakeStore.path("libc");

    @TempDir
    private Path temp;

    private final FakeMachine machine = FakeMachine.named("a", 1);
    private NixSecretKey key;

    @BeforeEach
    void makeKey() throws GeneralSecurityException {
        key = Keys.secret("cache-1");
    }

    private TestFleet fleet() throws IOException {
        return TestFleet.plan(temp.resolve("spool")).trusting(key.publicKey()).start(machine);
    }

    private PathInfo signed() {
        return key.sign(FakeStore.info("libc", TREE), StoreDir.NIX_STORE);
    }

    @ParameterizedTest
    @EnumSource(ClientProtocol.class)
    void whatAClientWasToldToBeThereIsThereWhenItHasLeft(ClientProtocol protocol) throws Exception {
        machine.store().substituting(signed(), TREE);
        try (var fleet = fleet()) {
            var client = fleet.remote(protocol);
            assertThat(client.store().queryValidPaths(List.of(LIBC), true)).containsExactly(LIBC);
            client.leave();

            var other = fleet.remote(protocol);
            assertThat(other.has(LIBC)).isTrue();
            assertThat(other.fetch(LIBC)).isEqualTo(TREE);
        }
    }

    @Test
    void whatIsFetchedIsHeldForTheSession() throws Exception {
        machine.store().substituting(signed(), TREE);
        try (var fleet = fleet();
                var session = fleet.session()) {
            session.queryValidPaths(List.of(LIBC), true);
            session.fetchPromised();
            assertThat(machine.store().paths()).containsExactly(LIBC);
            assertThat(machine.open()).isPositive();
            assertThat(session.queryValidPaths(List.of(LIBC), false)).containsExactly(LIBC);
        }
    }

    @Test
    void whatAMachineDoesNotGetIsToldAndSentNextTime() throws Exception {
        machine.store().promising(LIBC);
        try (var fleet = fleet();
                var session = fleet.session()) {
            assertThat(session.queryValidPaths(List.of(LIBC), true)).containsExactly(LIBC);
            assertThatThrownBy(session::fetchPromised)
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContainingAll(LIBC.toString(), "did not get it from there", "copy once more");

            assertThat(session.queryValidPaths(List.of(LIBC), true)).isEmpty();
            assertThat(fleet.remote(ClientProtocol.WORKER).store().queryValidPaths(List.of(LIBC), true))
                    .isEmpty();
        }
    }

    @Test
    void whatNothingProvesIsToldAndSentNextTime() throws Exception {
        machine.store().substituting(FakeStore.info("libc", TREE), TREE);
        try (var fleet = fleet();
                var session = fleet.session()) {
            session.queryValidPaths(List.of(LIBC), true);
            assertThatThrownBy(session::fetchPromised)
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContainingAll("nothing proves that what machine a has of it is right", "copy once more");
            assertThat(session.queryValidPaths(List.of(LIBC), true)).isEmpty();
            assertThat(fleet.failures(machine)).isZero();
        }
    }

    private PathInfo signed(String name) {
        return key.sign(FakeStore.info(name, TREE), StoreDir.NIX_STORE);
    }

    /// It may ask before the end of its first session has been noticed.
    @ParameterizedTest
    @EnumSource(ClientProtocol.class)
    void whatASessionWasPromisedIsThereForTheNextOneOfThatClient(ClientProtocol protocol) throws Exception {
        machine.store().substituting(signed(), TREE);
        try (var fleet = fleet()) {
            var client = fleet.remote(protocol, "ada", ClientGrant.DEFAULT);
            assertThat(client.store().queryValidPaths(List.of(LIBC), true)).containsExactly(LIBC);

            assertThat(fleet.remote(protocol, "bob", ClientGrant.DEFAULT).has(LIBC))
                    .isFalse();
            var next = fleet.remote(protocol, "ada", ClientGrant.DEFAULT);
            assertThat(next.store().queryPathInfo(LIBC)).isPresent();
            assertThat(next.has(LIBC)).isTrue();
            assertThat(machine.store().paths()).containsExactly(LIBC);
        }
    }

    @ParameterizedTest
    @EnumSource(ClientProtocol.class)
    void clientThatCopiesHearsOnlyOfWhatHasBeenFetched(ClientProtocol protocol) throws Exception {
        machine.store().substituting(signed(), TREE);
        var musl = signed("musl");
        machine.store().substituting(musl, TREE);
        var unsigned = FakeStore.info("unsigned", TREE);
        machine.store().substituting(unsigned, TREE);
        var lost = FakeStore.path("lost");
        machine.store().promising(lost);
        try (var fleet = fleet()) {
            var first = fleet.remote(protocol);
            first.store().queryValidPaths(List.of(LIBC), true);
            first.leave();

            var copies = fleet.remote(protocol).store();
            assertThat(copies.queryValidPaths(List.of(musl.path(), unsigned.path(), lost), true))
                    .as("the client sends the others")
                    .containsExactly(musl.path());
            assertThat(machine.store().paths()).contains(musl.path());
        }
    }

    @Test
    void clientThatBuildsAgainIsPromisedWhatTheBuildingMachineFetches() throws Exception {
        machine.store().substituting(signed(), TREE);
        var musl = signed("musl");
        machine.store().substituting(musl, TREE);
        try (var fleet = fleet()) {
            var copies = fleet.remote(ClientProtocol.WORKER);
            copies.store().queryValidPaths(List.of(LIBC), true);
            copies.leave();
            assertThat(fleet.remote(ClientProtocol.WORKER)
                            .build(TestFleet.drv("x", LIBC))
                            .isSuccess())
                    .isTrue();

            assertThat(fleet.remote(ClientProtocol.WORKER).store().queryValidPaths(List.of(musl.path()), true))
                    .containsExactly(musl.path());
            assertThat(machine.store().paths()).doesNotContain(musl.path());
        }
    }

    /// The machine that builds fetches by itself what it needs.
    @Test
    void nothingMoreIsFetchedForAClientThatHasBuilt() throws Exception {
        machine.store().substituting(signed(), TREE);
        var unused = FakeStore.info("unused", TREE);
        machine.store().substituting(key.sign(unused, StoreDir.NIX_STORE), TREE);
        try (var fleet = fleet()) {
            var client = fleet.remote(ClientProtocol.WORKER);
            client.store().queryValidPaths(List.of(LIBC, unused.path()), true);
            assertThat(client.build(TestFleet.drv("x", LIBC)).isSuccess()).isTrue();
            client.leave();
            assertThat(machine.store().paths()).contains(LIBC).doesNotContain(unused.path());
        }
    }
}
