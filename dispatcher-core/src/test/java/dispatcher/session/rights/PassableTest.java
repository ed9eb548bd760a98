package dispatcher.session.rights;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.session.TestFleet;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A request with more than can be passed on is refused with the reason, before any machine has to do with it.
class PassableTest {
    @TempDir
    private Path temp;

    private static BasicDerivation withOutputs(int count) {
        var one = drv("x").derivation();
        var outputs = new TreeMap<String, DerivationOutput>();
        for (int i = 0; i < count; i++)
            outputs.put("o" + i, new DerivationOutput.InputAddressed(FakeStore.path("x-o" + i)));
        return new BasicDerivation(
                outputs, Set.of(), one.platform(), one.builder(), one.arguments(), one.environment());
    }

    private static Set<StorePath> paths(int count, int nameLength) {
        var paths = new TreeSet<StorePath>();
        for (int i = 0; i < count; i++) paths.add(StorePath.of("%032d".formatted(i), "p".repeat(nameLength)));
        return paths;
    }

    @Test
    void derivationWithTooManyOutputsIsRefusedInWordsOfItsOwn() throws Exception {
        var a = FakeMachine.named("a", 1);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(a)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var result = client.build(new TestFleet.Drv(drv("x").path(), withOutputs(Passable.MOST_OUTPUTS + 1)));

            assertThat(result.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
            assertThat(result.message()).contains("has 10001 outputs", "no more than 10000");
            assertThat(a.opened()).isZero();
            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    void derivationWithAsManyOutputsAsCanBePassedOnIsBuilt() throws Exception {
        var a = FakeMachine.named("a", 1);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(a)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var result = client.build(new TestFleet.Drv(drv("x").path(), withOutputs(Passable.MOST_OUTPUTS)));

            assertThat(result.status()).as(result.message()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    @Tag("slow")
    void inputsThatAnOutputMayReferToHaveToFitIntoItsInfo() {
        var x = drv("x");
        var few = x.derivation().withInputs(paths(100_000, 100));
        var tooMany = x.derivation().withInputs(paths(330_000, 150));

        assertThat(Passable.objection(x.path(), few, StoreDir.NIX_STORE)).isEmpty();
        assertThat(Passable.objection(x.path(), tooMany, StoreDir.NIX_STORE))
                .get()
                .asString()
                .startsWith("what outputs of %s may refer to has 330001 entries".formatted(x.path()));
    }

    @Test
    @Tag("slow")
    void pathThatNoMachineCouldTellOfIsNotTaken() throws Exception {
        var tree = NarTree.file("x");
        var info = PathInfo.of(FakeStore.path("x"), tree.narHash(), tree.toNar().length, paths(330_000, 150));
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(FakeMachine.named("a", 1));
                var session = fleet.session()) {
            assertThatThrownBy(() -> session.addToStore(List.of(FakeStore.toAdd(info, tree))))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("it refers to 330000 paths, and at most 100000 are taken");
            assertThat(fleet.spooled()).isEmpty();
        }
    }
}
