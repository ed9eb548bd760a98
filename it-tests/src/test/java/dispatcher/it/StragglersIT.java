package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.HistoryAnswer;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A build that would take for ever on one machine is begun a second time on the other. Two machines with one slot
/// each, the second twice as fast.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StragglersIT {
    private static final Duration LONG = Duration.ofSeconds(30);

    /// On a machine: there the graph's builds are slow while it exists.
    private static final String SLOW = "/var/slow";

    /// What such a build is seen to do on its machine.
    private static final String SLEEP = "sleep 999";

    /// Part of its script.
    private static final String SCRIPT = "test -e /slow";

    @TempDir
    private static Path folder;

    private Fleet fleet;
    private NixClient client;
    private Path settings;
    private DispatcherProcess dispatcher;
    private String builders = "";

    @BeforeAll
    void start() throws Exception {
        Path conf = Files.writeString(folder.resolve("nix.conf"), "extra-sandbox-paths = /slow=%s?\n".formatted(SLOW));
        fleet = Fleet.of(2)
                .jobs(1)
                .option("--speed-factors", "1,2")
                .option("--extra-nix-conf", conf.toString())
                .start();
        client = NixClient.beside(fleet).start();
        settings = DispatcherSettings.of(fleet)
                .set("schedule", "{stragglers: 2, stragglersAfter: 1s}")
                .write("stragglers");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
        builders = dispatcher.builders();
    }

    @AfterAll
    void stop() throws Exception {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    private Fleet.Machine slow() {
        return fleet.machine(0);
    }

    private Fleet.Machine fast() {
        return fleet.machine(1);
    }

    @Test
    void buildThatHangsOnOneMachineComesFromTheOther() throws Exception {
        for (int i = 0; i < 2; i++) {
            build().run().orFail();
        }
        assertThat(history().samples()).contains(2L);
        slow().run("touch", SLOW).orFail();

        Result result = buildThatHangs();

        String built = result.out().strip();
        assertThat(result.err()).contains("is begun a second time, on " + fast().name());
        assertThat(client.outside(built)).isRegularFile();
        assertThat(fast().holds(built)).isTrue();
        assertThat(slow().holds(built)).isFalse();
        assertThat(dispatcher.log())
                .containsOnlyOnce("build begun a second time")
                .doesNotContain("machine lost", "machine set aside");
        awaitNothingRuns(slow());
        awaitNothingRuns(fast());
        HistoryAnswer.PackageLine learned = history();
        assertThat(learned.samples())
                .as("the attempt that was stopped is no build")
                .contains(3L);
        assertThat(learned.highSeconds().orElseThrow()).isLessThan(BigDecimal.ONE);
        assertThat(machine(slow()).speed().measured()).isEqualByComparingTo(BigDecimal.ONE);

        slow().run("rm", SLOW).orFail();
        drain();
        String next = build().run().orFail().out().strip();
        assertThat(slow().holds(next)).as("its only slot is free indeed").isTrue();
    }

    /// The slow machine gets the build since the other takes none; that is there again once the build hangs.
    private Result buildThatHangs() throws Exception {
        drain();
        try (Background build = Background.start(build(), fleet.folder())) {
            Await.until(
                    LONG,
                    () -> "a build that hangs\n" + dispatcher.log(),
                    () -> !slow().processes(SLEEP).isEmpty());
            assertThat(machine(slow()).slotsTaken()).isEqualTo(1);
            command("resume", fast().name()).run().orFail();
            return build.await(LONG).orFail();
        }
    }

    private void awaitNothingRuns(Fleet.Machine machine) throws Exception {
        Await.until(
                LONG,
                () -> "%s to have a free slot and no build%n%s".formatted(machine.name(), dispatcher.log()),
                () -> machine.processes(SLEEP).isEmpty()
                        && machine.processes(SCRIPT).isEmpty()
                        && machine(machine).slotsTaken() == 0);
        assertThat(machine(machine).state()).isEqualTo("ready");
    }

    // ---- what they do

    private Command build() {
        return client.buildCommand("straggler").with("--builders", builders);
    }

    private void drain() throws Exception {
        command("drain", fast().name()).run().orFail();
    }

    private MachineAnswer machine(Fleet.Machine machine) throws Exception {
        return ask("machines", MachinesAnswer.class).machines().stream()
                .filter(it -> it.name().equals(machine.name()))
                .findFirst()
                .orElseThrow();
    }

    private HistoryAnswer.PackageLine history() throws Exception {
        return ask("history", HistoryAnswer.class, "straggler").packages().getFirst();
    }

    private <T> T ask(String command, Class<T> type, Object... arguments) throws Exception {
        var answer = command(command, arguments).with("--json").run().orFail().out();
        return ApiJson.read(answer.getBytes(StandardCharsets.UTF_8), type);
    }

    private Command command(String name, Object... arguments) {
        return Command.of(Checkout.dispatcher(), name, "--config", settings).with(arguments);
    }
}
