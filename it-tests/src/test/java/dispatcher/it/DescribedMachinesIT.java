package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Machines of which the settings say no more than how they are reached.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DescribedMachinesIT {
    private static final Duration LONG = Duration.ofSeconds(60);

    private Fleet fleet;
    private NixClient client;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(2).start();
        client = NixClient.beside(fleet).start();
    }

    @AfterAll
    void stop() throws Exception {
        fleet.close();
    }

    /// The settings without what a machine says itself.
    private DispatcherSettings bare() throws Exception {
        var settings = DispatcherSettings.of(fleet);
        for (var line : settings.text().lines().toList())
            if (line.matches(" +(systems|maxJobs|supportedFeatures): .*")) settings.changeMachines(line + "\n", "");
        return settings;
    }

    private MachineAnswer shown(Path settings, String name) throws Exception {
        var json = Command.of(Checkout.dispatcher(), "machines", "--json", "--config", settings)
                .run()
                .orFail()
                .out();
        return ApiJson.read(json.getBytes(StandardCharsets.UTF_8), MachinesAnswer.class).machines().stream()
                .filter(machine -> machine.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private String build(DispatcherProcess dispatcher) throws Exception {
        return build(dispatcher.builders());
    }

    /// What a client would have from a time when a machine was known.
    private String offer() throws Exception {
        var known = DispatcherSettings.of(fleet).write("known");
        return Command.of(Checkout.dispatcher(), "builders", "--config", known, "--shim", Checkout.shim(known))
                .run()
                .orFail()
                .out()
                .strip();
    }

    private String build(String builders) throws Exception {
        return client.buildCommand("straggler")
                .with("--builders", builders)
                .run()
                .orFail()
                .out()
                .strip();
    }

    @Test
    void aMachineWithoutSystemsDescribesItselfGetsBuildsAndIsRememberedOverARestart() throws Exception {
        var first = fleet.machine(0);
        Path settings = bare().without(fleet.machine(1)).write("bare");
        try (var dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
            Await.until(
                    LONG,
                    () -> "the machine to be described\n" + dispatcher.log(),
                    () -> shown(settings, first.name()).state().equals("ready"));
            var machine = shown(settings, first.name());
            assertThat(machine.systems()).contains("x86_64-linux");
            assertThat(machine.slots()).isEqualTo(Runtime.getRuntime().availableProcessors());
            assertThat(machine.description().orElseThrow().nix()).isPresent();
            assertThat(machine.description().orElseThrow().memory()).isPresent();

            assertThat(first.holds(build(dispatcher))).isTrue();
        }
        try (var dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
            assertThat(shown(settings, first.name()).state()).isEqualTo("ready");
            assertThat(first.holds(build(dispatcher))).isTrue();
        }
    }

    @Test
    void aMachineIsAddedAndRemovedWhileTheDispatcherRuns() throws Exception {
        var second = fleet.machine(1);
        var entry = bare().without(fleet.machine(0)).text();
        Path settings = DispatcherSettings.of(fleet).without(second).write("joining");
        try (var dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
            Command.of(
                            Checkout.dispatcher(),
                            "machine",
                            "add",
                            "%s@%s:%s".formatted(value(entry, "sshUser"), second.address(), value(entry, "port")),
                            "--name",
                            second.name(),
                            "--ssh-key",
                            fleet.key(),
                            "--host-key",
                            value(entry, "publicHostKey"),
                            "--persist",
                            "--config",
                            settings)
                    .run()
                    .orFail();
            assertThat(fleet.folder().resolve("machines.d").resolve(second.name() + ".yaml"))
                    .exists();
            Await.until(
                    LONG,
                    () -> "the machine to be described\n" + dispatcher.log(),
                    () -> shown(settings, second.name()).state().equals("ready"));

            Command.of(Checkout.dispatcher(), "drain", fleet.machine(0).name(), "--config", settings)
                    .run()
                    .orFail();
            assertThat(second.holds(build(dispatcher))).isTrue();
            Command.of(Checkout.dispatcher(), "resume", fleet.machine(0).name(), "--config", settings)
                    .run()
                    .orFail();

            Command.of(Checkout.dispatcher(), "machine", "remove", second.name(), "--config", settings)
                    .run()
                    .orFail();
            assertThat(Files.exists(fleet.folder().resolve("machines.d").resolve(second.name() + ".yaml")))
                    .isFalse();
        }
    }

    /// Its state is that of another name, so nothing is known of it.
    @Test
    void aMachineThatIsOffAndHasNeverSaidWhatItIsIsStartedForABuild() throws Exception {
        var machine = fleet.machine(1);
        machine.kill();
        var host = "%%s %s".formatted(fleet.folder().resolve("hosts/" + machine.name()));
        var start = Checkout.script("host") + " start";
        var entry = String.join(
                "\n",
                "  - name: sleeper",
                "    onDemand:",
                "      command:",
                "        start: '%s --owner %d'"
                        .formatted(
                                host.formatted(start), ProcessHandle.current().pid()),
                "        stop: " + host.formatted(Checkout.script("host") + " stop"),
                "");
        Path settings = bare().without(fleet.machine(0))
                .changeMachines("  - name: %s\n".formatted(machine.name()), entry)
                .write("sleeping");
        try (var dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
            assertThat(shown(settings, "sleeper").state()).isEqualTo("undescribed");
            assertThat(machine.holds(build(offer()))).as(dispatcher.log()).isTrue();
            assertThat(shown(settings, "sleeper").systems()).contains("x86_64-linux");
        }
    }

    private static String value(String entry, String key) {
        return entry.lines()
                .map(String::strip)
                .filter(line -> line.startsWith(key + ": "))
                .map(line -> line.substring(key.length() + 2))
                .findFirst()
                .orElseThrow();
    }
}
