package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// What builds take of a machine's memory, seen over its ssh connection.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MachineMemoryIT {
    private static final long MIB = 1 << 20;
    private static final Pattern PEAK = Pattern.compile("\"peakMemory\":(\\d+)");

    private Fleet fleet;
    private NixClient client;
    private Path settings;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(2).option("--speed-factors", "10,1").start();
        client = NixClient.beside(fleet).start();
        settings = DispatcherSettings.of(fleet)
                .changeMachines(named(small()), named(small()) + "    resources: {memory: 1GiB}\n")
                .changeMachines(named(large()), named(large()) + "    resources: {memory: 2GiB}\n")
                .write("memory");
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

    private Fleet.Machine small() {
        return fleet.machine(0);
    }

    private Fleet.Machine large() {
        return fleet.machine(1);
    }

    private static String named(Fleet.Machine machine) {
        return "  - name: " + machine.name() + "\n";
    }

    private Command build(String graph, String... arguments) throws Exception {
        return client.buildCommand(graph, arguments).with("--builders", dispatcher.builders());
    }

    private String history(String name) throws Exception {
        return Command.of(Checkout.dispatcher(), "history", name, "--json", "--config", settings)
                .run()
                .orFail()
                .out();
    }

    private Optional<Long> learnedPeak(String name) throws Exception {
        var peak = PEAK.matcher(history(name));
        return peak.find() ? Optional.of(Long.parseLong(peak.group(1))) : Optional.empty();
    }

    @Test
    void peakOfABuildIsLearned() throws Exception {
        build("hungry", "megabytes", "200", "seconds", "9").run().orFail();

        assertThat(history("hungry")).contains("\"builds\":1", "\"outputBytes\":");
        assertThat(learnedPeak("hungry"))
                .hasValueSatisfying(peak -> assertThat(peak).as("bytes").isBetween(140 * MIB, 260 * MIB));
    }

    private static MemoryLimit limited(Fleet.Machine... machines) throws Exception {
        Optional<MemoryLimit> limit = MemoryLimit.of(400 * MIB);
        assumeTrue(limit.isPresent(), "no memory cgroup can be made here");
        for (Fleet.Machine machine : machines) {
            limit.get().put(machine);
        }
        return limit.get();
    }

    /// Whatever is in a memory cgroup has to end before that can go.
    private Result buildAndRestart(Fleet.Machine... limited) throws Exception {
        Result result = build("hungry", "megabytes", "600", "seconds", "1").run();
        for (Fleet.Machine machine : limited) {
            machine.kill();
            machine.start();
        }
        return result;
    }

    @Test
    void buildThatLackedMemoryGoesToALargerMachine() throws Exception {
        try (var _ = limited(small())) {
            Result result = buildAndRestart(small());

            assertThat(result.err())
                    .contains("machine " + small().name() + " killed", "probably because its memory ran out");
            assertThat(result.succeeded()).as(dispatcher.log()).isTrue();
            assertThat(dispatcher.log()).contains("for lack of memory while it ran");
        }
    }

    @Test
    void buildForWhichNoMachineIsLargeEnoughIsToldSo() throws Exception {
        try (var _ = limited(small(), large())) {
            Result result = buildAndRestart(small(), large());

            assertThat(result.succeeded()).isFalse();
            assertThat(result.err())
                    .contains("was killed on %s, %s, probably because memory ran out"
                            .formatted(small().name(), large().name()));
        }
    }
}
