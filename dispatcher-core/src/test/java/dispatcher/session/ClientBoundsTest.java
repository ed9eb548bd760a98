package dispatcher.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.access.UploadLimits;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a client can make the dispatcher keep is bounded, whatever it says.
class ClientBoundsTest {
    @TempDir
    private Path temp;

    private final FakeMachine machine = new FakeMachine(Machines.machine("a", 2, 1));

    @ParameterizedTest
    @EnumSource
    void uploadThatStopsInTheMiddleEndsAndItsRoomIsForOthers(ClientProtocol protocol) throws Exception {
        try (var fleet =
                TestFleet.plan(temp.resolve("spool")).spoolBytes(1 << 20).start(machine)) {
            var tree = NarTree.file("x".repeat(600_000));
            var info = FakeStore.info("stalled", tree);
            var never = new CountDownLatch(1);
            var idle = fleet.remote(protocol);
            var upload = Await.start(() -> {
                idle.store().addToStore(List.of(new NarToAdd(info, sink -> {
                    sink.write(tree.toNar(), 0, 400_000);
                    never.await();
                    throw new IOException("given up");
                })));
                return true;
            });
            Await.until("some of it has come", () -> received() > 100_000);
            var other = NarTree.file("y".repeat(600_000));
            var refused = fleet.remote(protocol);
            assertThatThrownBy(() -> refused.upload("other", other)).isInstanceOf(IOException.class);
            Await.until("it is sent away", () -> {
                fleet.clock().advance(UploadLimits.DEFAULT.pause());
                fleet.lookForStalled();
                return !idle.isServed();
            });
            assertThat(idle.awaitEnd()).isEqualTo(1);
            fleet.remote(protocol).upload("other", other);
            assertThat(fleet.spooled()).containsExactly(FakeStore.path("other"));
            never.countDown();
            assertThat(upload).failsWithin(Duration.ofSeconds(30));
        }
    }

    /// Bytes of NARs that have come and are not whole.
    private long received() {
        long bytes = 0;
        for (var file : Optional.ofNullable(temp.resolve("spool/tmp").toFile().listFiles())
                .orElseThrow()) bytes += file.length();
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void whatIsRememberedOfABuildIsShort(ClientProtocol protocol) throws Exception {
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(machine)) {
            var x = TestFleet.drv("x");
            var derivation = new BasicDerivation(
                    x.derivation().outputs(),
                    Set.of(),
                    "s".repeat(1 << 20),
                    x.derivation().builder(),
                    List.of(),
                    new TreeMap<>());
            var longSystem = fleet.remote(protocol).build(new TestFleet.Drv(x.path(), derivation));
            assertThat(longSystem.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
            assertThat(longSystem.message())
                    .contains("has 1048576 characters, more than 256")
                    .hasSizeLessThan(1000);
            var longFeature = fleet.remote(protocol).build(x.requiring("f".repeat(1 << 20)));
            assertThat(longFeature.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
            assertThat(longFeature.message()).contains("required feature").hasSizeLessThan(1000);
            assertThat(fleet.events().all()).allMatch(event -> event.startsWith("connected"));
        }
    }

    @Test
    void recipesCountTheOutputsToo() {
        var outputs = new TreeMap<String, DerivationOutput>();
        for (int i = 0; i < 100_000; i++)
            outputs.put("out" + i, new DerivationOutput.InputAddressed(FakeStore.path("x-out" + i)));
        var huge = recipe(outputs);
        var small = recipe(Map.of("out", new DerivationOutput.InputAddressed(FakeStore.path("x"))));
        var recipes = new RebuildCache();
        recipes.add(List.of(FakeStore.path("x")), small);
        recipes.add(List.of(FakeStore.path("x-out0")), huge);
        Await.until("it is dropped", () -> recipes.of(FakeStore.path("x-out0")).isEmpty());
        assertThat(recipes.of(FakeStore.path("x"))).contains(small);
    }

    private static Recipe recipe(Map<String, DerivationOutput> outputs) {
        return new Recipe(
                FakeStore.path("x.drv"),
                new BasicDerivation(
                        new TreeMap<>(outputs),
                        Set.<StorePath>of(),
                        "x86_64-linux",
                        ByteString.of("/bin/sh"),
                        List.of(),
                        new TreeMap<>()),
                BuildOptions.DEFAULT);
    }

    @Test
    @Tag("slow")
    void aPathThatRefersToFarTooManyIsRefused() throws Exception {
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(machine)) {
            var tree = NarTree.file("x");
            var references = new ArrayList<StorePath>();
            for (int i = 0; i <= 100_000; i++) references.add(FakeStore.path("r" + i));
            var info = PathInfo.of(FakeStore.path("x"), tree.narHash(), tree.toNar().length, references);
            assertThatThrownBy(() -> fleet.remote(ClientProtocol.WORKER)
                            .store()
                            .addToStore(List.of(FakeStore.toAdd(info, tree))))
                    .hasMessageContaining("refers to 100001 paths, and at most 100000 are taken");
        }
    }
}
