package dispatcher.cli.init;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.doctor.Programs.Ran;
import dispatcher.cli.ping.MachineConnections;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// What is refused before any machine is set up, and what is left then. That it works is shown with real machines.
class InitCommandTest {
    private static final String HOST_KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final List<List<String>> ran = new ArrayList<>();
    private final List<Settings> tried = new ArrayList<>();
    private Optional<UserFacingException> error = Optional.empty();
    private Asker asker = _ -> Optional.empty();

    @Test
    void settingsThatAreThereStay() throws Exception {
        Files.writeString(config(), "mine");

        assertThat(run("nix@arm-1", "--accept-host-keys")).isEqualTo(1);
        assertThat(error.orElseThrow().next()).contains("--force");
        assertThat(config()).hasContent("mine");
        assertThat(directory.resolve("id_ed25519")).doesNotExist();
    }

    @Test
    void withoutATerminalAHostKeyNeedsAWord() {
        assertThat(run("nix@arm-1")).isEqualTo(1);
        assertThat(error.orElseThrow().why()).contains("SHA256:");
        assertThat(error.orElseThrow().next()).contains("--accept-host-keys");
        assertThat(tried).isEmpty();
    }

    @Test
    void aPersonMayRefuseAHostKey() {
        asker = _ -> Optional.of("no");

        assertThat(run("nix@arm-1")).isEqualTo(1);
        assertThat(tried).isEmpty();
    }

    @Test
    void aMachineThatLetsUsNotInLeavesNoSettingsAndShowsTheLine() throws Exception {
        assertThat(run("nix@arm-1:2200", "--accept-host-keys")).isEqualTo(1);

        assertThat(error.orElseThrow().next()).contains("authorized_keys", "ssh-ed25519 KEY");
        assertThat(tried.getFirst().machines().getFirst())
                .satisfies(machine -> assertThat(machine.address().toString()).isEqualTo("nix@arm-1:2200"));
        try (var left = Files.list(directory)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void whatNobodyNamesIsAskedFor() {
        var answers = new ArrayList<>(List.of("nix@arm-1", "", "yes"));
        asker = _ -> Optional.of(answers.removeFirst());

        assertThat(run()).isEqualTo(1);
        assertThat(tried.getFirst().machines()).extracting(Machine::name).containsExactly("arm-1");
    }

    @Test
    void machinesOfNixosKeepTheirAttributes() throws Exception {
        var file = Files.writeString(directory.resolve("machines.json"), """
                [{"hostName":"arm-1","sshUser":"nix","sshKey":"/k","system":null,"systems":["aarch64-linux"],"maxJobs":3,
                  "speedFactor":2,"supportedFeatures":["kvm"],"mandatoryFeatures":[],"publicHostKey":"%s","protocol":"ssh"}]
                """.formatted(HOST_KEY));

        assertThat(run("--build-machines", file.toString())).isEqualTo(1);
        assertThat(tried.getFirst().machines().getFirst()).satisfies(machine -> {
            assertThat(machine.maxJobs()).isEqualTo(3);
            assertThat(machine.systems()).containsExactly("aarch64-linux");
            assertThat(machine.supportedFeatures()).containsExactly("kvm");
        });
    }

    @Test
    void theKeyIsInstalledBySshThatKnowsTheHostKey() {
        assertThat(run("--copy-id", "nix@arm-1", "--accept-host-keys", "--identity", "/i"))
                .isEqualTo(1);

        assertThat(ran)
                .anySatisfy(command -> assertThat(command)
                        .startsWith("ssh", "-p", "22")
                        .contains("StrictHostKeyChecking=yes", "/i", "nix@arm-1")
                        .last()
                        .asString()
                        .contains("ssh-ed25519 KEY"));
    }

    @Test
    void noMachineAtAllIsAnErrorThatNamesTheWays() {
        assertThat(run("--ssh-hosts", "/dev/null")).isEqualTo(1);
        assertThat(error.orElseThrow().next()).contains("--copy-id", "--build-machines");
    }

    private Path config() {
        return directory.resolve("dispatcher.yaml");
    }

    private int run(String... arguments) {
        MachineConnections.Factory connections = settings -> {
            tried.add(settings);
            return new MachineConnections() {
                @Override
                public Transport to(Machine machine) {
                    return new Closed();
                }

                @Override
                public void close() {}
            };
        };
        var command = new CommandLine(new InitCommand(
                        _ -> "ssh-ed25519 KEY dispatcher",
                        connections,
                        (_, words) -> run(words),
                        question -> asker.ask(question)))
                .setOut(new PrintWriter(out))
                .setExecutionExceptionHandler((e, _, _) -> {
                    if (!(e instanceof UserFacingException shown)) throw e;
                    error = Optional.of(shown);
                    return 1;
                });
        var words = new ArrayList<>(List.of(arguments));
        words.addAll(List.of(
                "--config",
                config().toString(),
                "--state",
                directory.resolve("state").toString()));
        return command.execute(words.toArray(String[]::new));
    }

    private Ran run(List<String> command) {
        ran.add(command);
        return command.getFirst().equals("ssh-keyscan")
                ? new Ran(0, "# arm-1 SSH-2.0-OpenSSH\narm-1 " + HOST_KEY + "\n", "")
                : new Ran(0, "", "");
    }

    private record Closed() implements Transport {
        @Override
        public CommandChannel open(String command) throws UnreachableException {
            throw new UnreachableException(
                    UnreachableException.Kind.KEY_REJECTED, "it refuses our key", "add it", new IOException());
        }

        @Override
        public void close() {}
    }
}
