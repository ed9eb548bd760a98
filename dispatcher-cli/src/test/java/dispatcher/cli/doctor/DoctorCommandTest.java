package dispatcher.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.doctor.Programs.Ran;
import dispatcher.cli.ping.MachineConnections;
import dispatcher.machine.Machine;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// A host with a dispatcher that does not run, a machine that is down, and no Nix.
class DoctorCommandTest {
    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();

    @BeforeEach
    void writeSettings() throws Exception {
        Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: %1$s/s}
                state: %1$s/state
                machines:
                  - {hostName: arm-1, system: aarch64-linux}
                """.formatted(directory));
    }

    @Test
    void aMachineThatIsDownIsAFaultAndTheStatusIsOne() {
        assertThat(run("--only", "machines")).isEqualTo(1);
        assertThat(out.toString()).contains("machine arm-1", "fault    refused: ", "next:", "start it", "1 faults");
    }

    @Test
    void programsGetTheSame() {
        assertThat(run("--only", "machines", "--json")).isEqualTo(1);
        assertThat(out.toString()).contains("\"ok\":false", "\"state\":\"fault\"", "\"subject\":\"machine arm-1\"");
    }

    @Test
    void whatIsOursIsPutRightIfThatIsAskedFor() throws Exception {
        var state = directory.resolve("state");
        assertThat(run("--only", "dispatcher")).isZero();
        assertThat(out.toString()).contains("warning  state", "mkdir -m 700");
        assertThat(state).doesNotExist();

        assertThat(run("--only", "dispatcher", "--fix")).isZero();
        assertThat(state).isDirectory();

        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(run("--only", "dispatcher", "--fix")).isZero();
        assertThat(Files.getPosixFilePermissions(state)).isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void aHostKeyThatOthersMayReadIsAFaultUntilItIsFixed() throws Exception {
        var key = directory.resolve("state/ssh_host_ed25519_key");
        Files.createDirectory(directory.resolve("state"));
        Files.writeString(key, "x");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        Files.writeString(
                directory.resolve("d.yaml"), "hostKey: %s\n".formatted(key), java.nio.file.StandardOpenOption.APPEND);

        assertThat(run("--only", "dispatcher")).isEqualTo(1);
        assertThat(out.toString()).contains("fault    host key", "chmod 600 " + key);

        assertThat(run("--only", "dispatcher", "--fix")).isZero();
        assertThat(Files.getPosixFilePermissions(key)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void faultsOfTheSettingsAreAFinding() throws Exception {
        Files.writeString(directory.resolve("d.yaml"), "lisen: {}\n");

        assertThat(run()).isEqualTo(1);
        assertThat(out.toString()).contains("fault    settings", "did you mean 'listen'?");
    }

    @Test
    void anUnknownPartIsWrongUsage() {
        assertThat(run("--only", "weather")).isEqualTo(2);
    }

    private int run(String... arguments) {
        MachineConnections.Factory connections = _ -> new MachineConnections() {
            @Override
            public Transport to(Machine machine) {
                return new Down();
            }

            @Override
            public void close() {}
        };
        var command = new CommandLine(new DoctorCommand(connections, (_, _) -> new Ran(Ran.NOT_THERE, "", "")))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(new StringWriter()));
        var words = new java.util.ArrayList<>(java.util.List.of(arguments));
        words.addAll(java.util.List.of("--config", directory.resolve("d.yaml").toString()));
        return command.execute(words.toArray(String[]::new));
    }

    private record Down() implements Transport {
        @Override
        public CommandChannel open(String command) throws UnreachableException {
            throw new UnreachableException(
                    UnreachableException.Kind.REFUSED,
                    "arm-1 refused the connection",
                    "start it",
                    new java.io.IOException());
        }

        @Override
        public void close() {}
    }
}
