package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.request.Expectations;
import dispatcher.build.request.ResourceRules;
import dispatcher.build.request.ResourceRules.Rule;
import dispatcher.machine.Machine;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import dispatcher.protocol.ClientProtocol;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The forecast for a build holds what the scheduler later gets for it.
class ProspectTest {
    private static final ResourceRules RULES = new ResourceRules(List.of(
            new Rule.Named("big*", new TreeMap<>(Map.of("licence", 1L))), new Rule.Attribute("scratch", "scratch")));

    private static final Expectations LEARNED = new Expectations() {
        @Override
        public Work work(PackageName name, String system) {
            return Work.of(Duration.ofSeconds(90));
        }

        @Override
        public OptionalLong peakMemory(PackageName name, String system) {
            return name.text().equals("big") ? OptionalLong.of(1000) : OptionalLong.empty();
        }
    };

    @TempDir
    private Path spoolDir;

    private final FakeMachine machine = new FakeMachine(Machines.machine("a", 1, 1)
            .withResources(new TreeMap<>(Map.of("licence", 1L, "scratch", 50L, Machine.MEMORY, 600L))));

    private TestFleet.Plan plan() {
        return TestFleet.plan(spoolDir).resources(RULES).expecting(LEARNED);
    }

    /// Its slot is taken by another build meanwhile.
    private BuildRequest submitted(TestFleet fleet, TestClient client, TestFleet.Drv drv) throws Exception {
        var other = fleet.queue().submit(request("other.drv"), java.util.Set.of());
        assertThat(other.isWaiting()).isFalse();
        var build = client.start(drv);
        Await.until("it waits", () -> !fleet.queue().snapshot().waiting().isEmpty());
        var request = fleet.queue().snapshot().waiting().getFirst().build().request();
        other.cancel();
        assertThat(Await.result(build).isSuccess()).isTrue();
        return request;
    }

    private static BuildRequest request(String name) {
        return new BuildRequest(FakeStore.path(name), "x86_64-linux", new java.util.TreeSet<>());
    }

    private static long bytes(StorePath... paths) {
        long bytes = 0;
        for (var path : paths) bytes += NarTree.file(path.name()).toNar().length;
        return bytes;
    }

    @Test
    void isWhatTheSchedulerIsToldOfTheClosure() throws Exception {
        try (var fleet = plan().start(machine)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var deep = client.upload("deep");
            var middle = client.upload("middle", deep);
            var top = client.upload("top", middle);
            var drv = drv("big-1").with("scratch", "20");
            var prospect = fleet.prospect(drv.reading(top));
            assertThat(prospect.inputs()).isEqualTo(3);
            assertThat(prospect.unknown()).isZero();
            assertThat(prospect.request().inputs().bytes()).isEqualTo(bytes(deep, middle, top));
            assertThat(prospect.request().resources())
                    .isEqualTo(Map.of("licence", 1L, "scratch", 20L, Machine.MEMORY, 600L));

            var request = submitted(fleet, client, drv.reading(top, middle, deep));
            assertThat(prospect.request()).isEqualTo(request.withClient(Client.ANYBODY));

            assertThat(fleet.prospect(drv.reading(top)).request().inputs().missingOn("a"))
                    .as("now that they are there")
                    .isZero();
        }
    }

    @Test
    void looksIntoTheStoreOfTheHost() throws Exception {
        var host = FakeMachine.named("host", 0);
        var below = NarTree.file("below");
        var above = NarTree.file("above");
        host.store().with(FakeStore.info("below", below), below);
        host.store().with(FakeStore.info("above", above, FakeStore.path("below")), above);
        try (var fleet = plan().host(host).start(machine)) {
            var prospect = fleet.prospect(drv("x").reading(FakeStore.path("above"), FakeStore.path("nowhere")));
            assertThat(prospect.inputs()).isEqualTo(3);
            assertThat(prospect.unknown()).isEqualTo(1);
            assertThat(prospect.request().inputs().bytes())
                    .isEqualTo(bytes(FakeStore.path("above"), FakeStore.path("below")));
            assertThat(machine.opened()).as("channels to the machine").isZero();
        }
    }

    @Test
    void whatIsSaidOfItsResourcesComesFirst() throws IOException, InterruptedException {
        try (var fleet = plan().start(machine)) {
            var prospect = fleet.prospect(drv("big-1")).taking(new TreeMap<>(Map.of(Machine.MEMORY, 7L, "gpu", 1L)));
            assertThat(prospect.request().resources()).isEqualTo(Map.of("licence", 1L, Machine.MEMORY, 7L, "gpu", 1L));
        }
    }
}
