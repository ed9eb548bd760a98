package dispatcher.cli.ping;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.settings.Settings;
import dispatcher.machine.Machine;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class PingCommandTest {
    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final List<String> reached = new ArrayList<>();
    private final List<Settings> used = new ArrayList<>();
    private boolean closed;

    @BeforeEach
    void writeSettings() throws IOException {
        Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: /s}
                machines:
                  - {hostName: arm-1, system: x86_64-linux}
                  - {hostName: arm-2, system: x86_64-linux}
                  - {hostName: broken, system: x86_64-linux}
                """);
    }

    @Test
    void statusIsZeroOnlyIfAllAreWell() {
        assertThat(run("arm-1", "arm-2")).isZero();
        assertThat(reached).containsExactlyInAnyOrder("arm-1", "arm-2");
        assertThat(run()).isEqualTo(1);
        assertThat(out.toString()).contains("broken (ssh://", "): refused", "next:  start it");
        assertThat(closed).isTrue();
    }

    @Test
    void machinesOfWhichNoneCanBeUsedHaveAStatusOfTheirOwn() {
        assertThat(run("broken")).isEqualTo(4);
        assertThat(run("broken", "arm-1")).isEqualTo(1);
    }

    @Test
    void machinesThatAreNotUsedAreNotWell() throws IOException {
        Files.writeString(directory.resolve("machines"), "arm-3 - - 1 1 a b\nssh-ng://arm-4?remote-store=/x\n");
        Files.writeString(directory.resolve("d.yaml"), "listen: {socket: /s}\nmachinesFile: machines\n");
        var place = directory.resolve("machines") + ":2";

        assertThat(run()).isEqualTo(1);
        assertThat(out.toString())
                .containsPattern(place + " +not used")
                .contains(
                        place + ": not used",
                        "cause: store URI: remote-store leads to another store on the machine than its own",
                        "next:  correct that line",
                        "probably not meant:",
                        "machines:1: mandatory features: only builds that require b go there");
        assertThat(run("--json")).isEqualTo(1);
        assertThat(out.toString()).contains("\"notUsed\":[{");
        assertThat(run("arm-3")).isZero();
    }

    @Test
    void aMachineOnDemandIsStartedOnlyIfThatIsAskedFor() throws IOException {
        var vm = directory.resolve("vm");
        Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: /s}
                state: state
                machines:
                  - hostName: arm-1
                    system: x86_64-linux
                    onDemand: {command: {start: 'touch %1$s', stop: 'rm %1$s', status: 'test -e %1$s'}}
                """.formatted(vm));

        assertThat(run()).as("it is no fault of a machine that it is off").isZero();
        assertThat(out.toString())
                .contains(
                        "cause: it is started when a build goes there, and does not run now",
                        "next:  start it to see whether it works: `dispatcher ping --start arm-1`");
        assertThat(vm).doesNotExist();

        assertThat(run("--start")).isZero();
        assertThat(vm).exists();
        assertThat(run()).as("it stays on").isZero();
    }

    @Test
    void printsJson() {
        assertThat(run("--json", "arm-2")).isZero();
        assertThat(out.toString()).startsWith("{\"machines\":[{").endsWith("\"ok\":true}" + System.lineSeparator());
    }

    @Test
    void theTimeoutIsForEachStep() {
        assertThat(run("--timeout", "1m30s", "arm-1")).isZero();
        assertThat(used.getFirst().timeouts().connect()).isEqualTo(Duration.ofSeconds(90));
        assertThat(used.getFirst().timeouts().handshake()).isEqualTo(Duration.ofSeconds(90));
        assertThat(run("--timeout", "soon")).isEqualTo(2);
    }

    @Test
    void anUnknownMachineIsNamedWithTheNearest() {
        var thrown = new ArrayList<Exception>();

        int status = commandLine()
                .setParameterExceptionHandler((e, _) -> {
                    thrown.add(e);
                    return CommandLine.ExitCode.USAGE;
                })
                .execute("-c", directory.resolve("d.yaml").toString(), "amr-1");

        assertThat(status).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(thrown)
                .singleElement(as(InstanceOfAssertFactories.THROWABLE))
                .message()
                .endsWith("has no machine amr-1; did you mean 'arm-1'?");
    }

    private int run(String... arguments) {
        return commandLine()
                .execute(Stream.concat(
                                Stream.of("-c", directory.resolve("d.yaml").toString()), Arrays.stream(arguments))
                        .toArray(String[]::new));
    }

    private CommandLine commandLine() {
        return new CommandLine(new PingCommand(settings -> {
                    used.add(settings);
                    return new Connections();
                }))
                .setOut(new PrintWriter(out));
    }

    private final class Connections implements MachineConnections {
        @Override
        public Transport to(Machine machine) {
            synchronized (reached) {
                reached.add(machine.name());
            }
            return new FakeMachine() {
                @Override
                public CommandChannel open(String command) throws IOException, InterruptedException {
                    if (machine.name().equals("broken"))
                        throw new UnreachableException(UnreachableException.Kind.REFUSED, "nothing there", "start it");
                    return super.open(command);
                }
            };
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
