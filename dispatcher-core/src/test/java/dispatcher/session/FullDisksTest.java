package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Builds that fail with words of a full disk, on machines that say how their disks are: these measurements decide.
@Timeout(60)
class FullDisksTest {
    private static final String FULL = "No space left on device";

    @TempDir
    private Path temp;

    private final FakeMachine first = new FakeMachine(Machines.machine("a", 1, 9));
    private final FakeMachine second = new FakeMachine(Machines.machine("b", 1, 1));

    private TestFleet start(FakeMachine... machines) throws IOException {
        return TestFleet.plan(temp.resolve("spool")).start(machines);
    }

    /// The sample of a machine whose store has room, and this many inodes free of 200000.
    private static String inodes(int free) {
        return FleetParts.sample("""
                @store
                /dev/vda 100000000 20000000 80000000 20%% /nix/store
                @inodes
                /dev/vda 200000 %d %d 50%% /nix/store
                @build
                @processes
                """.formatted(200_000 - free, free));
    }

    private static FakeStore.Builder saying(AtomicInteger attempts, String line) {
        return (_, _, _, log) -> {
            attempts.incrementAndGet();
            log.line(ByteString.of(line));
            return BuildResult.of(BuildStatus.PERMANENT_FAILURE, "builder for 'x' failed with exit code 1");
        };
    }

    @Test
    void buildThatFindsNoInodesGoesElsewhere() throws Exception {
        first.doing(inodes(3)).building(saying(new AtomicInteger(), "cannot create file: " + FULL));
        second.doing(inodes(150_000));
        try (var fleet = start(first, second)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(client.notes()).singleElement().asString().contains("the disk of machine a has no inodes left");
        }
    }

    @Test
    void buildThatFindsInodesNowhereIsToldThat() throws Exception {
        first.doing(inodes(3))
                .answering(BuildResult.of(BuildStatus.PERMANENT_FAILURE, "creating directory '/nix/store/x': " + FULL));
        try (var fleet = start(first)) {
            var result = fleet.remote(ClientProtocol.WORKER).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message())
                    .contains("found no inodes left on the disk of a")
                    .doesNotContain("disk full");
        }
    }

    @Test
    void machineWithoutInodesForTheInputsIsToldAsThat() throws Exception {
        first.doing(inodes(3)).store().refusing(FakeStore.path("libc"), "writing to file: " + FULL);
        try (var fleet = start(first, second)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            assertThat(client.build(drv("x", client.upload("libc"))).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(client.notes()).singleElement().asString().contains("the disk of machine a has no inodes left");
        }
    }

    @Test
    void wordsOfATestSuiteOnAMachineWithRoomFailTheBuildAtOnce() throws Exception {
        var attempts = new AtomicInteger();
        for (var machine : new FakeMachine[] {first, second})
            machine.doing(inodes(150_000)).building(saying(attempts, "not ok 3 - " + FULL));
        try (var fleet = start(first, second)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var result = client.build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.PERMANENT_FAILURE);
            assertThat(result.message()).contains("exit code 1").doesNotContain("disk");
            assertThat(attempts).hasValue(1);
            assertThat(client.notes()).isEmpty();
        }
    }
}
