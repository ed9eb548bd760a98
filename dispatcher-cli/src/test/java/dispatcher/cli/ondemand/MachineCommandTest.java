package dispatcher.cli.ondemand;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachinePower;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.machines.MachineAnswers;
import dispatcher.cli.machines.MachinesCommand;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.demand.MachinesOnDemand;
import dispatcher.schedule.BuildQueue;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.NoEngines;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// `dispatcher machine` against machines that are a file each, by way of the control socket.
class MachineCommandTest {
    @TempDir
    private Path directory;

    private Path config;
    private Settings settings;
    private MachinesOnDemand machines;
    private Transport transport;
    private ApiServer server;
    private final StringWriter out = new StringWriter();
    private Optional<Exception> thrown = Optional.empty();

    @BeforeEach
    void serve() throws IOException {
        var vm = directory.resolve("vm");
        config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines:
                  - {hostName: always, system: x86_64-linux}
                  - hostName: vm
                    system: x86_64-linux
                    onDemand: {command: {start: 'echo booting; touch %1$s', stop: 'rm %1$s', status: 'test -e %1$s'}}
                  - hostName: broken
                    system: x86_64-linux
                    onDemand: {command: {start: 'echo "no such domain"; exit 5'}}
                """.formatted(vm));
        settings = SettingsFile.load(config, Surroundings.ofProcess());
        Files.createDirectories(settings.state());
        machines = new MachinesOnDemand(InstantSource.system(), NoEngines.PROVIDERS);
        var queue = new BuildQueue(settings.machines(), settings.schedule(), InstantSource.system());
        var endpoints =
                new ArrayList<Endpoint>(new OnDemandEndpoints(queue, machines, InstantSource.system()).endpoints());
        endpoints.add(MachineAnswers.endpoint(
                queue, InstantSource.system(), machines, _ -> Optional.empty(), UnaryOperator.identity()));
        var ways = settings.machines().stream()
                .map(machine -> machines.transport(machine, _ -> to(new FakeMachine(machine))))
                .toList();
        transport = ways.get(1);
        server = ApiServer.open(settings.controlSocket(), endpoints);
    }

    private static Transport to(FakeMachine machine) {
        return new Transport() {
            @Override
            public CommandChannel open(String command) throws IOException, InterruptedException {
                return machine.open(command);
            }

            @Override
            public void close() {}
        };
    }

    @AfterEach
    void end() throws IOException {
        server.close();
        machines.close();
    }

    private int run(Object command, String... args) {
        var line = new CommandLine(command);
        line.setOut(new PrintWriter(out, true));
        line.setExecutionExceptionHandler((e, _, _) -> {
            thrown = Optional.of(e);
            return 1;
        });
        var all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--config", config.toString()));
        return line.execute(all.toArray(String[]::new));
    }

    private int machine(String... args) {
        return run(new MachineCommand(), args);
    }

    private String last() {
        return out.toString().lines().reduce((_, line) -> line).orElse("");
    }

    private boolean vmRuns() {
        return Files.exists(directory.resolve("vm"));
    }

    @Test
    void startsAMachineAndShowsThatItIsOn() {
        // It counts as starting while its status command is asked whether it runs.
        Await.until("it has been looked for", () -> machine("status", "vm") == 0 && !last().contains("starting"));
        assertThat(last()).matches("vm is off for .*; a build starts it; starts in about .*");
        assertThat(machine("start", "vm", "--wait")).isZero();
        assertThat(last()).matches("vm is on for .*, not used");
        assertThat(vmRuns()).isTrue();
    }

    @Test
    void stopsAMachineWhenItsLastUseEnds() throws Exception {
        var channel = transport.open(settings.machines().get(1).command());
        assertThat(machine("stop", "vm")).isZero();
        assertThat(last()).matches("vm is on for .*, used by 1 connection; stops when its last use ends");
        assertThat(vmRuns()).isTrue();
        channel.close();
        Await.until("it is off", () -> !vmRuns());
        assertThat(machine("stop", "vm", "--wait")).isZero();
        assertThat(last()).matches("vm is off for .*; a build starts it; starts in about .*");
    }

    @Test
    void restartsAMachine() {
        assertThat(machine("start", "vm", "--wait")).isZero();
        assertThat(machine("restart", "vm", "--wait")).isZero();
        assertThat(machine("logs", "vm")).isZero();
        assertThat(out.toString().lines().filter(line -> line.endsWith(" booting")))
                .hasSize(2);
        assertThat(out.toString()).contains("starts by command 'echo booting; touch ", " is off\n");
    }

    @Test
    void aFailedStartIsToldWithAnExitStatus() {
        assertThat(machine("start", "broken", "--wait")).isEqualTo(1);
        assertThat(last())
                .matches(
                        "broken could not be started .* ago; the next build tries again: the start command 'echo"
                                + " \"no such domain\"; exit 5' of broken ended with exit status 5; it printed: no such domain");
    }

    @Test
    void printsOneJsonObject() {
        assertThat(machine("status", "vm", "--json")).isZero();
        var power = ApiJson.read(last().getBytes(StandardCharsets.UTF_8), MachinePower.class);
        assertThat(power.name()).isEqualTo("vm");
        assertThat(power.onDemand())
                .hasValueSatisfying(it -> assertThat(it.state()).isIn("off", "starting"));
        assertThat(machine("logs", "vm", "--json")).isZero();
        assertThat(ApiJson.read(last().getBytes(StandardCharsets.UTF_8), MachinePower.Log.class)
                        .name())
                .isEqualTo("vm");
    }

    @Test
    void aMachineThatIsAlwaysOnIsNotStopped() {
        assertThat(machine("status", "always")).isZero();
        assertThat(last()).isEqualTo("always is always on");
        assertThat(machine("stop", "always")).isEqualTo(1);
        assertThat(thrown.orElseThrow())
                .isInstanceOf(UserFacingException.class)
                .hasMessageContaining("always is not started or stopped by the dispatcher");
    }

    @Test
    void aMachineThatIsNotThereIsNamed() {
        assertThat(machine("start", "vn")).isEqualTo(1);
        assertThat(thrown.orElseThrow())
                .isInstanceOf(UserFacingException.class)
                .hasMessageContaining("there is no machine vn");
    }

    @Test
    void theMachinesAreShownWithWhetherTheyAreOn() {
        assertThat(machine("start", "vm", "--wait")).isZero();
        machine("start", "broken", "--wait");
        assertThat(run(new MachinesCommand())).isZero();
        assertThat(out.toString())
                .containsPattern("vm +ready +0/1")
                .containsPattern("broken +ready, failed +0/1 .*could not be started");
        var answer = new ApiClient(settings.controlSocket())
                .get(MachinesAnswer.PATH)
                .orElseThrow()
                .as(MachinesAnswer.class);
        assertThat(answer.machines())
                .filteredOn(it -> it.onDemand().isPresent())
                .extracting(it -> it.name())
                .containsExactly("vm", "broken");
    }

    @Test
    void theWrongMethodIsNamed() {
        var client = new ApiClient(settings.controlSocket());
        assertThat(catchMessage(() -> client.get(MachinePower.pathOf(MachinePower.STOP_PATH, "vm"))))
                .contains("takes POST, not GET");
        assertThat(catchMessage(() -> client.get("/api/v1/machines/vm/statis"))).contains("/api/v1/machines");
    }

    private static String catchMessage(Runnable action) {
        try {
            action.run();
            return "";
        } catch (UserFacingException e) {
            return e.why();
        }
    }
}
