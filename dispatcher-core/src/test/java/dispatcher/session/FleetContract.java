package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientGrant;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a client sees of the fleet, from the first byte to the last, whatever protocol it speaks and the machines
/// speak.
abstract class FleetContract
        implements BuildsContract,
                LeavingClientsContract,
                FailingMachinesContract,
                ScarceMachinesContract,
                LostPathsContract,
                OutputsContract,
                SubstitutersContract,
                HostStoreContract,
                ConversationsContract {
    @TempDir
    private Path temp;

    @Override
    public final TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool"));
    }

    // ---- what a client may do

    private static ClientGrant onlyFor(String system, String... features) {
        return new ClientGrant(
                "guests",
                true,
                0,
                Optional.of(new TreeSet<>(Set.of(system))),
                Optional.of(new TreeSet<>(Set.of(features))),
                OptionalInt.empty(),
                false);
    }

    @Test
    void buildForASystemThatTheClientMayNotUseIsRefusedAndNamesTheRule() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var result = fleet.remote(protocol(), onlyFor("aarch64-linux")).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(result.message()).contains("'guests'", "aarch64-linux", "not for x86_64-linux");
            assertThat(fleet.events().all()).anyMatch(event -> event.startsWith("refused x ci@10.0.0.3:51234: "));
            assertThat(a.opened()).isZero();
        }
    }

    @Test
    void buildThatRequiresWhatTheClientMayNotUseIsRefused() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = fleet.remote(protocol(), onlyFor("x86_64-linux", "benchmark"));
            assertThat(client.build(drv("x").requiring("kvm benchmark")).message())
                    .contains("'guests'", "require benchmark, not kvm");
            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    // ---- everything at once

    @Test
    void whateverBreaksEachBuildHasOneEndAndNothingLeaks() {
        Seeds.run(6, this::storm);
    }

    private void storm(RandomGenerator random) {
        var machines = new FakeMachine[] {machine("a", 2, 1), machine("b", 1, 3), machine("c", 3, 1)};
        for (var machine : machines)
            machine.building((drvPath, derivation, options, log) -> {
                log.line(ByteString.of("building"));
                return machine.makeOutputs(drvPath, derivation, options, log);
            });
        try (var fleet = plan().maxAttempts(9).start(machines)) {
            var clients = new ArrayList<TestClient>();
            var builds = new ArrayList<CompletableFuture<BuildStatus>>();
            for (int i = 0; i < 12; i++) {
                var client = client(fleet);
                clients.add(client);
                int number = i;
                boolean fetches = random.nextBoolean();
                builds.add(Await.start(() -> {
                    var status = BuildStatus.BUILT;
                    for (int j = 0; j < 4 && status == BuildStatus.BUILT; j++) {
                        var input = client.upload("input" + (number + j) % 5);
                        var x = drv("x%d-%d".formatted(number, j), input);
                        status = client.build(x).status();
                        if (fetches && status == BuildStatus.BUILT) client.fetch(x.out());
                    }
                    return status;
                }));
            }
            while (!builds.stream().allMatch(CompletableFuture::isDone)) {
                switch (random.nextInt(8)) {
                    case 0 -> machines[random.nextInt(machines.length)].restart();
                    case 1 -> {
                        if (random.nextInt(4) == 0)
                            clients.get(random.nextInt(clients.size())).leave();
                    }
                    default -> {
                        fleet.clock().advance(Duration.ofSeconds(2));
                        fleet.look();
                    }
                }
                LockSupport.parkNanos(1_000_000);
            }
            for (var build : builds)
                if (!build.isCompletedExceptionally())
                    assertThat(build.join()).isIn(BuildStatus.BUILT, BuildStatus.TRANSIENT_FAILURE);
            assertThat(machines)
                    .allMatch(machine ->
                            machine.mostRunning() <= machine.machine().maxJobs());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
