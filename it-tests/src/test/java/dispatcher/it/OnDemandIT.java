package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A machine that is started by a command for the first build, and stopped when idle. The other one is always on, and
/// far slower.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OnDemandIT {
    private static final Duration LONG = Duration.ofSeconds(30);

    /// Conversations that are kept for the next build end after a minute; then the machine is idle.
    private static final Duration IDLE = Duration.ofMinutes(3);

    private static final String STARTS = "machine on demand starts by";

    @TempDir
    private static Path folder;

    private Fleet fleet;
    private NixClient client;
    private Path settings;
    private Path broken;
    private DispatcherProcess dispatcher;
    private String builders = "";

    @BeforeAll
    void start() throws Exception {
        broken = folder.resolve("broken");
        fleet = Fleet.of(2).jobs(1).option("--speed-factors", "10,1").start();
        client = NixClient.beside(fleet).start();
        onDemand().kill();
        settings = DispatcherSettings.of(fleet)
                .changeMachines("  - name: %s\n".formatted(onDemand().name()), entry())
                .write("on-demand");
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

    /// The beginning of its entry.
    private String entry() {
        var start = "test ! -e %s || { echo no such domain; exit 5; }; %s --owner %d"
                .formatted(broken, host("start"), ProcessHandle.current().pid());
        return String.join(
                "\n",
                "  - name: " + onDemand().name(),
                "    onDemand:",
                "      command:",
                "        start: '%s'".formatted(start),
                "        stop: " + host("stop"),
                "        status: " + host("facts"),
                // No start is expected to take longer: so the first build, which was never seen, goes there.
                "      bootTimeout: 20s",
                "      idleAfter: 1s",
                "");
    }

    private String host(String command) {
        return "%s %s %s"
                .formatted(
                        Checkout.script("host"),
                        command,
                        fleet.folder().resolve("hosts/" + onDemand().name()));
    }

    private Fleet.Machine onDemand() {
        return fleet.machine(0);
    }

    private Fleet.Machine always() {
        return fleet.machine(1);
    }

    @Test
    void machineIsStartedForBuildsAndStoppedWhenIdle() throws Exception {
        assertThat(control().power()).isEqualTo("off");

        assertThat(onDemand().holds(build())).isTrue();
        assertThat(dispatcher.log()).containsOnlyOnce(STARTS);
        assertThat(control().power()).isEqualTo("ready");

        assertThat(onDemand().holds(build())).isTrue();
        assertThat(dispatcher.log()).as("it was found running").containsOnlyOnce(STARTS);

        Await.until(
                IDLE,
                () -> "the idle machine to be off\n" + dispatcher.log(),
                () -> !onDemand().alive());
        Await.until(
                LONG,
                () -> "it to be known\n" + dispatcher.log(),
                () -> control().power().equals("off"));
        assertThat(dispatcher.log()).doesNotContain("machine set aside", "machine lost");

        Files.createFile(broken);
        String elsewhere = build();
        assertThat(always().holds(elsewhere))
                .as("nothing is started for a build that is done sooner without")
                .isTrue();
        command("drain", always().name()).run().orFail();
        try (Background build = Background.start(buildCommand(), fleet.folder())) {
            dispatcher.awaitLog("ended with exit status 5; it printed: no such domain", LONG);
            command("resume", always().name()).run().orFail();
            String built = build.await(LONG).orFail().out().strip();
            assertThat(always().holds(built))
                    .as("a failed start sends the build elsewhere")
                    .isTrue();
        }
        assertThat(onDemand().alive()).isFalse();

        Files.delete(broken);
        control().run("start", "--wait");
        assertThat(onDemand().alive()).isTrue();
        control().run("stop", "--wait");
        assertThat(onDemand().alive()).isFalse();

        assertThat(dispatcher.stop()).isZero();
    }

    private String build() throws Exception {
        return buildCommand().run().orFail().out().strip();
    }

    private Command buildCommand() throws Exception {
        return client.buildCommand("straggler").with("--builders", builders);
    }

    private MachineControl control() throws Exception {
        return new MachineControl(settings, onDemand().name());
    }

    private Command command(String name, String machine) {
        return Command.of(Checkout.dispatcher(), name, machine, "--config", settings);
    }
}
