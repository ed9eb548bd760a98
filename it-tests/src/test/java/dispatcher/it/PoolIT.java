package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// A pool of four machines, none of which is on at first. What starts and stops them writes down what it does.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PoolIT {
    private static final int MOST = 4;

    /// Conversations that are kept for the next build end after a minute; then the machine is idle.
    private static final Duration IDLE = Duration.ofMinutes(3);

    @TempDir
    private static Path folder;

    private Fleet fleet;
    private NixClient client;
    private Path settings;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(MOST).jobs(1).start();
        client = NixClient.beside(fleet).start();
        for (int i = 0; i < MOST; i++) fleet.machine(i).kill();
        settings = DispatcherSettings.of(fleet).set("machines", pool()).write("pool");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
    }

    @AfterAll
    void stop() throws Exception {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    /// The entry of the first machine, with a pool, and the keys of all.
    private String pool() throws IOException {
        var provider = provider();
        var keys = Files.readAllLines(fleet.folder().resolve("known_hosts")).stream()
                .map(line -> "      " + line.substring(line.indexOf(' ') + 1))
                .collect(Collectors.joining("\n"));
        var first = Files.readString(fleet.settings())
                .lines()
                .dropWhile(line -> !line.startsWith("  - name:"))
                .skip(1)
                .takeWhile(line -> line.startsWith("    "))
                .filter(line ->
                        !line.strip().startsWith("hostName") && !line.strip().startsWith("publicHostKey"))
                .collect(Collectors.joining("\n"));
        return String.join(
                "\n",
                "",
                "  - name: cloud",
                "    hostName: nowhere.invalid",
                first,
                "    publicHostKey: |",
                keys,
                "    onDemand:",
                "      command:",
                "        start: %s start".formatted(provider),
                "        stop: %s stop".formatted(provider),
                "        address: %s address".formatted(provider),
                "        list: %s list".formatted(provider),
                "      bootTimeout: 1m",
                "      idleAfter: 5s",
                "    pool: {max: %d}".formatted(MOST));
    }

    /// Starts and stops machine `DISPATCHER_INDEX` of the fleet.
    private Path provider() throws IOException {
        var names =
                IntStream.range(0, MOST).mapToObj(i -> fleet.machine(i).name()).collect(Collectors.joining(" "));
        var script = Files.writeString(folder.resolve("provider"), """
                #!/bin/sh
                set -eu
                names='%s'
                directory() { echo "%s/hosts/$(echo $names | cut -d' ' -f"$1")"; }
                host='%s'
                case $1 in
                start) echo "start $DISPATCHER_MACHINE" >>'%s'
                    exec "$host" start "$(directory "$DISPATCHER_INDEX")" --owner %d ;;
                stop) echo "stop $DISPATCHER_MACHINE" >>'%s'
                    exec "$host" stop "$(directory "$DISPATCHER_INDEX")" ;;
                address) "$host" facts "$(directory "$DISPATCHER_INDEX")" |
                    sed -n 's/^address=//p;s/^port=/:/p' | tr -d '\\n'; echo ;;
                list) for i in 1 2 3 4; do
                    if "$host" facts "$(directory $i)" >/dev/null 2>&1; then echo "$DISPATCHER_POOL-$i"; fi; done ;;
                esac
                """.formatted(
                        names,
                        fleet.folder(),
                        Checkout.script("host"),
                        record(),
                        ProcessHandle.current().pid(),
                        record()));
        assertThat(script.toFile().setExecutable(true)).isTrue();
        return script;
    }

    private static Path record() {
        return folder.resolve("record");
    }

    private static List<String> recorded() throws IOException {
        return Files.exists(record()) ? Files.readAllLines(record()) : List.of();
    }

    private long alive() throws Exception {
        long alive = 0;
        for (int i = 0; i < MOST; i++) if (fleet.machine(i).alive()) alive++;
        return alive;
    }

    private void awaitNoneAlive() throws Exception {
        Await.until(IDLE, () -> "all machines to be off\n" + dispatcher.log(), () -> alive() == 0);
    }

    private Command builds(int count, int seconds) throws Exception {
        return client.buildCommand("sleepers", "n", String.valueOf(count), "seconds", String.valueOf(seconds))
                .with("--builders", dispatcher.builders());
    }

    @Test
    @Order(1)
    void fiftyBuildsStartEachMachineOnceAndAfterThemNoneRuns() throws Exception {
        assertThat(alive()).isZero();
        var built = builds(50, 1).run().orFail().lines();
        assertThat(built).hasSize(50);
        assertThat(recorded())
                .containsExactlyInAnyOrder("start cloud-1", "start cloud-2", "start cloud-3", "start cloud-4");
        awaitNoneAlive();
        assertThat(recorded())
                .containsExactlyInAnyOrder(
                        "start cloud-1",
                        "start cloud-2",
                        "start cloud-3",
                        "start cloud-4",
                        "stop cloud-1",
                        "stop cloud-2",
                        "stop cloud-3",
                        "stop cloud-4");
        assertThat(dispatcher.log()).doesNotContain("machine set aside", "machine lost", "bug:");
    }

    @Test
    @Order(2)
    void aMachineThatVanishesCostsARetryAndNoBuild() throws Exception {
        Files.deleteIfExists(record());
        try (var running = Background.start(builds(6, 5), folder)) {
            Await.until(IDLE, () -> "a machine to build\n" + dispatcher.log(), () -> busy().isPresent());
            busy().orElseThrow().kill();
            assertThat(running.await(Duration.ofMinutes(3)).orFail().lines()).hasSize(6);
        }
        assertThat(dispatcher.log()).contains("machine set aside");
        awaitNoneAlive();
    }

    /// A machine of the fleet on which a build runs.
    private Optional<Fleet.Machine> busy() throws Exception {
        for (int i = 0; i < MOST; i++) {
            var machine = fleet.machine(i);
            if (machine.alive() && machine.run("pgrep", "-f", "sleep 5").succeeded()) return Optional.of(machine);
        }
        return Optional.empty();
    }

    @Test
    @Order(3)
    void machinesThatRunWhenTheDispatcherStartsAreFoundAndStopped() throws Exception {
        assertThat(dispatcher.stop()).isZero();
        Files.deleteIfExists(record());
        Command.of(
                        Checkout.script("host"),
                        "start",
                        fleet.folder().resolve("hosts/" + fleet.machine(2).name()))
                .with("--owner", ProcessHandle.current().pid())
                .run()
                .orFail();
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
        awaitNoneAlive();
        assertThat(recorded()).containsExactly("stop cloud-3");
        assertThat(dispatcher.log()).doesNotContain("bug:");
    }
}
