package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Machines that break while they build. Two machines and one client for all tests; each test has a dispatcher
/// of its own, which knows nothing yet of what broke before.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LostMachineContract {

    private static final Duration SILENCE = Duration.ofSeconds(3);
    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration MOVE = Duration.ofSeconds(30);

    private final String protocol;
    private Fleet fleet;
    private NixClient client;
    private Path settings;
    private String builders = "";
    private DispatcherProcess dispatcher;
    private int builds;

    LostMachineContract(String protocol) {
        this.protocol = protocol;
    }

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(2).protocol(protocol).start();
        client = NixClient.beside(fleet).start();
        settings = DispatcherSettings.of(fleet)
                .set("ssh", "{keepAlive: 1s}")
                .set(
                        "timeouts",
                        "{connect: 3s, handshake: 3s, silentConnection: %ds, waitForMachine: 5s}"
                                .formatted(SILENCE.toSeconds()))
                .write("lost");
    }

    @BeforeEach
    void startDispatcher() throws Exception {
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
        if (builders.isEmpty()) {
            builders = dispatcher.builders();
        }
    }

    @AfterEach
    void stopDispatcher() throws Exception {
        dispatcher.close();
        for (Fleet.Machine machine : fleet.machines()) {
            if (machine.alive()) {
                machine.kill();
            }
            machine.start();
        }
    }

    @AfterAll
    void stop() throws IOException {
        if (fleet != null) {
            fleet.close();
        }
    }

    @Test
    void buildGoesToAnotherMachineWhenItsMachineIsKilled() throws Exception {
        try (Sleeper sleeper = new Sleeper("4.5")) {
            Fleet.Machine first = sleeper.awaitMachine();
            first.kill();

            sleeper.awaitMoved(first);
        }
    }

    @Test
    void buildGoesToAnotherMachineWhenSshdIsKilled() throws Exception {
        try (Sleeper sleeper = new Sleeper("4.25")) {
            Fleet.Machine first = sleeper.awaitMachine();
            first.processes("sshd").forEach(ProcessHandle::destroyForcibly);

            sleeper.awaitMoved(first);
        }
    }

    @Test
    void buildGoesToAnotherMachineWhenItsMachineHangs() throws Exception {
        try (Sleeper sleeper = new Sleeper("4.75")) {
            Fleet.Machine first = sleeper.awaitMachine();
            first.pause();

            dispatcher.awaitLog("machine lost", SILENCE.multipliedBy(3));
            sleeper.awaitMoved(first);
        }
    }

    @Test
    void allMachinesDeadIsNoFailureOfTheBuild() throws Exception {
        for (Fleet.Machine machine : fleet.machines()) {
            machine.kill();
        }

        Result result = buildOne().run();

        assertThat(result.exit()).isNotZero();
        assertThat(result.err())
                .contains("this is no fault of the build", "builder-1: ", "builder-2: ")
                .doesNotContain("PermanentFailure");
        assertThat(result.took()).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void machineThatDiedWhileIdleIsNoticedWithoutHarm() throws Exception {
        List<String> paths = client.buildCommand("trivial", "n", "4")
                .with("--builders", builders)
                .run()
                .orFail()
                .lines();
        assertThat(paths).hasSize(4);
        fleet.machine(0).kill();

        String path = buildOne().run().orFail().out().strip();
        assertThat(fleet.machine(1).holds(path)).isTrue();

        fleet.machine(0).start();
        Await.until(Duration.ofSeconds(30), () -> "a build on builder-1 again", () -> {
            List<String> more = client.buildCommand("trivial", "n", "2")
                    .with("--builders", builders)
                    .run()
                    .orFail()
                    .lines();
            return more.stream().anyMatch(fleet.machine(0)::holds);
        });
    }

    private Command buildOne() {
        return client.buildCommand("one").with("--builders", builders);
    }

    /// A build that takes a while; how long differs from all others.
    private final class Sleeper implements AutoCloseable {
        private final String seconds;
        private final Background build;

        Sleeper(String seconds) throws Exception {
            this.seconds = seconds + ++builds;
            this.build = Background.start(
                    client.buildCommand("sleepers", "n", "1", "seconds", this.seconds)
                            .with("--builders", builders),
                    fleet.folder());
        }

        /// The machine where it runs, once it does.
        Fleet.Machine awaitMachine() throws Exception {
            Await.until(
                    START,
                    () -> "a build that runs\n" + dispatcher.log(),
                    () -> running(fleet.machine(0)) || running(fleet.machine(1)) || !build.alive());
            return fleet.machine(running(fleet.machine(0)) ? 0 : 1);
        }

        private boolean running(Fleet.Machine machine) throws IOException {
            return !machine.processes("sleep " + seconds).isEmpty();
        }

        /// Waits for the end of the build on the other machine.
        Result awaitMoved(Fleet.Machine first) throws Exception {
            Fleet.Machine second = fleet.machine(first.equals(fleet.machine(0)) ? 1 : 0);
            Result result = build.await(MOVE);

            assertThat(result.succeeded()).as(result + "\n" + dispatcher.log()).isTrue();
            assertThat(second.holds(result.out().strip())).isTrue();
            assertThat(result.err().lines().filter(line -> line.contains("lost machine")))
                    .singleElement()
                    .asString()
                    .contains("lost machine " + first.name() + " while building");
            assertThat(result.err()).doesNotContain("error:");
            return result;
        }

        @Override
        public void close() {
            build.close();
        }
    }
}
