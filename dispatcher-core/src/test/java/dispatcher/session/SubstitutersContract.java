package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StoreDir;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Keys;
import dispatcher.testkit.NarTree;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Inputs that machines fetch from their substituters.
interface SubstitutersContract extends FleetParts {
    /// Only the worker protocol has a way to ask a machine what it could fetch.
    private void assumeMachinesCanTell() {
        assumeTrue(machine("probe").machine().protocol() == MachineProtocol.SSH_NG, "not in the serve protocol");
    }

    @Test
    default void whatMachinesCanFetchIsNotSent() throws Exception {
        assumeMachinesCanTell();
        var a = machine("a");
        var tree = NarTree.file("libc");
        var libc = FakeStore.info("libc", tree);
        a.store().substituting(libc, tree);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);

            assertThat(client.store().queryValidPaths(List.of(libc.path()), false))
                    .isEmpty();
            assertThat(client.store().queryValidPaths(List.of(libc.path()), true))
                    .containsExactly(libc.path());
            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(a.received()).isEmpty();
        }
    }

    @Test
    default void whatTheBuildingMachineCannotFetchComesFromTheOneThatCan() throws Exception {
        assumeMachinesCanTell();
        var fetching = machine("a", 0, 1);
        var building = machine("b");
        var tree = NarTree.file("libc");
        var key = Keys.secret("cache-1");
        var libc = key.sign(FakeStore.info("libc", tree), StoreDir.NIX_STORE);
        fetching.store().substituting(libc, tree);
        try (var fleet = plan().trusting(key.publicKey()).start(fetching, building)) {
            var client = client(fleet);
            assertThat(client.store().queryValidPaths(List.of(libc.path()), true))
                    .containsExactly(libc.path());

            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(building.received()).containsExactly(libc.path());
        }
    }

    @Test
    default void promiseThatIsNotKeptIsTold() throws Exception {
        assumeMachinesCanTell();
        var a = machine("a");
        var libc = FakeStore.path("libc");
        a.store().promising(libc);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.store().queryValidPaths(List.of(libc), true)).containsExactly(libc);
            var result = client.build(drv("x", libc));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("machine a", libc.toString(), "builders-use-substitutes");
        }
    }
}
