package dispatcher.cli.builders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import dispatcher.machine.PublicHostKey;
import dispatcher.machine.file.MachinesFile;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BuildersCommandTest {
    private static final String HOST_KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILTNDAv9OI9CdXO0lewXwsi/k34jvxHLZ6x3YxW7q6cq";
    private static final String SETTINGS = """
            listen: {socket: /run/d/dispatcher.sock, ssh: 0.0.0.0:2222}
            state: /var/d
            machines:
              - {hostName: a, systems: [x86_64-linux, i686-linux], maxJobs: 8, supportedFeatures: [kvm]}
              - {hostName: b, system: aarch64-linux, mandatoryFeatures: [benchmark]}
            """;

    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private Path shim;

    @BeforeEach
    void writeSettings() throws IOException {
        Files.writeString(directory.resolve("d.yaml"), SETTINGS);
        shim = Files.writeString(directory.resolve("dispatcher-stdio"), "#!/bin/sh\n");
        Files.setPosixFilePermissions(shim, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void printsALineForTheLocalSocket() {
        assertThat(run()).isZero();
        assertThat(out.toString())
                .isEqualToNormalizingNewlines(
                        "ssh-ng://localhost?remote-program=%s%%20/run/d/dispatcher.sock".formatted(shim)
                                + " aarch64-linux,i686-linux,x86_64-linux - 1000 1 benchmark,kvm - -\n");
    }

    @Test
    void refusesRootAProgramThatOthersCouldChange() throws IOException {
        assumeTrue(ProgramOwners.ofThisProcess().isRoot(), "only root is refused it");
        Files.setPosixFilePermissions(shim, PosixFilePermissions.fromString("rwxr-xrwx"));

        assertThat(run()).isEqualTo(1);

        assertThat(out.toString()).isEmpty();
        assertThat(failure.get()).isInstanceOfSatisfying(UserFacingException.class, e -> {
            assertThat(e.what()).isEqualTo("cannot print a line for Nix on this host");
            assertThat(e.why())
                    .isEqualTo("Nix would run %s as root, and everybody can write to %s:\n".formatted(shim, shim)
                            + "anyone who can change it there could become root");
            assertThat(e.next())
                    .startsWith("chown root:root %s && chmod go-w %s; ".formatted(shim, shim))
                    .contains("install -D -o root -g root -m 755 " + shim, "--shim /usr/local/libexec/");
        });
    }

    @Test
    void refusesAProgramThatIsNotThere() {
        shim = directory.resolve("none");

        assertThat(run()).isEqualTo(1);

        assertThat(failure.get()).hasMessageEndingWith("none is no file that can be run");
    }

    @Test
    void printsALineForOtherHostsWithTheHostKey() {
        assertThat(run("--ssh", "ci.example:22")).isZero();

        var machine = parsed().getFirst();
        assertThat(out.toString()).startsWith("ssh-ng://ci.example aarch64-linux,i686-linux,x86_64-linux - 1000 1 ");
        assertThat(machine.address().publicHostKey()).contains(HOST_KEY);
        assertThat(err.toString()).contains("known_hosts").contains("    ci.example " + HOST_KEY);
    }

    @Test
    void takesThePortOfTheSettingsAndTellsOlderClientsTheWayRound() {
        assertThat(run("--ssh", "ci.example")).isZero();

        var machine = parsed().getFirst();
        assertThat(machine.address().port()).isEqualTo(2222);
        assertThat(err.toString())
                .contains("Nix older than 2.31 takes no port", "HostName ci.example", "Port 2222", "HostKeyAlias")
                .contains("    dispatcher " + HOST_KEY);
    }

    @Test
    void everyEntryIsReadAsTheSameMachineButForItsUri() {
        assertThat(run("--lines", "3")).isZero();
        assertThat(run("--lines", "2", "--ssh", "ci.example:22")).isZero();

        var machines = parsed();
        var local = "ssh-ng://localhost?remote-program=%s%%20/run/d/dispatcher.sock".formatted(shim);
        assertThat(out.toString().lines().map(line -> line.split(" ")[0]))
                .containsExactly(
                        local,
                        local + "&priority=2",
                        local + "&priority=3",
                        "ssh-ng://ci.example",
                        "ssh-ng://ci.example?priority=2");
        assertThat(machines).extracting(Machine::maxJobs).containsOnly(1000);
        assertThat(machines)
                .extracting(Machine::supportedFeatures)
                .allSatisfy(features -> assertThat(features).containsExactly("benchmark", "kvm"));
        assertThat(machines)
                .extracting(Machine::mandatoryFeatures)
                .allSatisfy(features -> assertThat(features).isEmpty());
    }

    @Test
    void lineForOneMachineOffersWhatThatHas() {
        assertThat(run("--machine", "b")).isZero();
        assertThat(run("--machine", "b", "--ssh", "ci.example")).isZero();

        assertThat(out.toString().lines())
                .containsExactly(
                        "ssh-ng://localhost?remote-program=%s%%20/run/d/dispatcher.sock%%20--machine%%20b"
                                        .formatted(shim)
                                + " aarch64-linux - 1000 1 benchmark benchmark -",
                        "ssh-ng://machine+b@ci.example:2222 aarch64-linux - 1000 1 benchmark benchmark "
                                + PublicHostKey.parse(HOST_KEY).encodedLine());
        assertThat(parsed().getLast().address().user()).isEqualTo("machine+b");
        assertThat(err.toString()).contains("put ssh-ng://machine+b@dispatcher in the place");
    }

    @Test
    void lineForAMachineThatThereIsNotIsRefusedWithTheNearestName() throws IOException {
        Files.writeString(directory.resolve("d.yaml"), SETTINGS.replace("hostName: a,", "hostName: arm-large,"));

        assertThat(run("--machine", "arm-lagre")).isEqualTo(1);

        assertThat(failure.get()).isInstanceOfSatisfying(UserFacingException.class, e -> {
            assertThat(e.what()).isEqualTo("there is no machine 'arm-lagre'");
            assertThat(e.why()).endsWith("have none of that name; did you mean 'arm-large'?");
        });
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void machineWhoseNameMeansSomethingToOthersGetsNoLine() throws IOException {
        Files.writeString(directory.resolve("d.yaml"), SETTINGS.replace("hostName: a,", "name: 'a#2', hostName: a,"));

        assertThat(run("--machine", "a#2")).isEqualTo(1);

        assertThat(failure.get())
                .isInstanceOfSatisfying(
                        UserFacingException.class, e -> assertThat(e.next()).contains("dispatcherMachine = \"a#2\""));
    }

    @Test
    void printsJson() {
        assertThat(run("--json")).isZero();

        var json = Json.parse(out.toString());
        assertThat(json.path("maxJobs").intValue()).isEqualTo(1000);
        assertThat(json.propertyStream().map(Map.Entry::getKey))
                .containsExactly(
                        "entries",
                        "mandatoryFeatures",
                        "maxJobs",
                        "publicHostKey",
                        "supportedFeatures",
                        "systems",
                        "uri");
    }

    @Test
    void wrongUsageHasStatusTwo() {
        assertThat(run("--ssh", "a/b")).isEqualTo(2);
        assertThat(run("--ssh", "a?x=y")).isEqualTo(2);
        assertThat(run("--lines", "0")).isEqualTo(2);
        assertThat(run("--machine", "a", "--ssh", "nix@ci.example")).isEqualTo(2);
    }

    private List<Machine> parsed() {
        var file = MachinesFile.parse(
                new MachinesFile.Source("out", 1, out.toString()),
                (path, from) -> Optional.empty(),
                new MachinesFile.Defaults("me", "x86_64-linux"));
        assertThat(file.faults()).isEmpty();
        return file.entries().stream().map(MachinesFile.Entry::machine).toList();
    }

    private int run(String... arguments) {
        var all = Stream.concat(
                        Stream.of("--config", directory.resolve("d.yaml").toString(), "--shim", shim.toString()),
                        Arrays.stream(arguments))
                .toArray(String[]::new);
        return new CommandLine(new BuildersCommand(file -> HOST_KEY))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, _, _) -> {
                    failure.set(e);
                    return 1;
                })
                .execute(all);
    }
}
