package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Builds that are to go to one machine, by the lines that `dispatcher builders --machine` prints. Two machines, of
/// which the first is ten times as fast, so that no build goes to the second one by itself.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChosenMachineIT {

    @TempDir
    private static Path folder;

    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;
    private String sshAddress = "";

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(2).option("--speed-factors", "10,1").start();
        sshAddress = Installation.sshAddress(fleet);
        Path settings = DispatcherSettings.of(fleet)
                .set("listen", "{socket: %s, ssh: '%s'}".formatted(fleet.socket(), sshAddress))
                .set("authorizedKeys", fleet.key() + ".pub")
                .set("decline", "{command: test -e %s}".formatted(away()))
                .write("chosen");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
        client = NixClient.beside(fleet).sshConfig(sshConfig()).start();
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    /// While it is there, this host's Nix is to build itself.
    private static Path away() {
        return folder.resolve("away");
    }

    /// As older versions of Nix need it, which take no port in a URI.
    private Path sshConfig() throws Exception {
        String host = sshAddress.substring(0, sshAddress.lastIndexOf(':'));
        String port = sshAddress.substring(sshAddress.lastIndexOf(':') + 1);
        Path knownHosts = fleet.folder().resolve("known_hosts.chosen");
        String advice =
                dispatcher.buildersCommand("--ssh", sshAddress).run().orFail().err();
        Files.writeString(
                knownHosts,
                advice.lines()
                                .map(String::strip)
                                .filter(line -> line.startsWith("dispatcher ssh-"))
                                .findFirst()
                                .orElseThrow()
                        + "\n");
        return Files.writeString(
                fleet.folder().resolve("ssh_config.chosen"),
                "Host dispatcher\n    HostName %s\n    Port %s\n    HostKeyAlias dispatcher\n    IdentityFile %s\n    UserKnownHostsFile %s\n"
                        .formatted(host, port, fleet.key(), knownHosts));
    }

    private String builders(ClientWay way, String machine) throws Exception {
        List<Object> arguments = new ArrayList<>(List.of("--machine", machine));
        if (way.remote()) {
            arguments.addAll(List.of("--ssh", sshAddress));
        }
        String line = dispatcher.builders(arguments.toArray());
        String reached = way.remote() ? line.replaceFirst("@[^ ]*", "@dispatcher") : line;
        return reached.replaceFirst("^ssh-ng:", way.scheme() + ":");
    }

    @ParameterizedTest
    @EnumSource(ClientWay.class)
    void buildsGoToTheMachineOfTheLine(ClientWay way) throws Exception {
        for (Fleet.Machine machine : fleet.machines()) {
            Result result = client.buildCommand("one")
                    .with("--builders", builders(way, machine.name()))
                    .run()
                    .orFail();

            String path = result.out().strip();
            assertThat(fleet.machines().stream().filter(each -> each.holds(path)))
                    .as(dispatcher.log())
                    .containsExactly(machine);
        }
    }

    /// What the dispatcher found last counts for five seconds.
    @Test
    void whatIsDeclinedTheClientBuildsItselfButForAMachineThatItChose() throws Exception {
        Files.createFile(away());
        try {
            Await.until(Duration.ofSeconds(60), dispatcher::log, () -> !isBuiltByTheFleet());
            Fleet.Machine slow = fleet.machine(1);
            Result result = client.buildCommand("one")
                    .with("--builders", dispatcher.builders("--machine", slow.name()))
                    .run()
                    .orFail();
            assertThat(slow.holds(result.out().strip())).isTrue();
        } finally {
            Files.delete(away());
        }
        Await.until(Duration.ofSeconds(60), dispatcher::log, this::isBuiltByTheFleet);
    }

    /// Builds, and looks where that was done.
    private boolean isBuiltByTheFleet() throws Exception {
        Result result = client.buildCommand("one")
                .with("--builders", dispatcher.builders(), "--max-jobs", "1")
                .run()
                .orFail();
        String path = result.out().strip();
        for (Fleet.Machine machine : fleet.machines()) if (machine.holds(path)) return true;
        assertThat(result.err()).contains("build it on this host: the settings' command says so");
        return false;
    }

    @ParameterizedTest
    @EnumSource(ClientWay.class)
    void unknownMachineIsAnErrorAtOnceWithTheNearestName(ClientWay way) throws Exception {
        String line = builders(way, "builder-2").replace("builder-2", "bulider-2");

        Result result = client.buildCommand("one").with("--builders", line).run();

        assertThat(result.exit()).isNotZero();
        assertThat(result.err()).contains("the dispatcher has no machine 'bulider-2'; did you mean 'builder-2'?");
    }

    @Test
    void derivationMayNameItsMachine() throws Exception {
        String expression = """
                derivation {
                  name = "chosen"; system = builtins.currentSystem; builder = "/bin/sh";
                  args = [ "-c" "echo %s > $out" ];
                  dispatcherMachine = "builder-2";
                }""".formatted(NixClient.newSalt());

        String path = client.command("nix-build", "--no-out-link", "--max-jobs", 0, "--expr", expression)
                .with("--builders", dispatcher.builders())
                .run()
                .orFail()
                .out()
                .strip();

        assertThat(fleet.machine(1).holds(path)).as(dispatcher.log()).isTrue();
        assertThat(fleet.machine(0).holds(path)).isFalse();
    }

    @Test
    void buildWaitsWhileItsMachineIsDrainedAndSaysSo() throws Exception {
        Path settings = fleet.folder().resolve("chosen.yaml");
        Command.of(Checkout.dispatcher(), "drain", "builder-2", "--config", settings)
                .run()
                .orFail();
        try (Background build = Background.start(
                client.buildCommand("one").with("--builders", builders(ClientWay.LOCAL_SSH_NG, "builder-2")), folder)) {
            Await.until(
                    Duration.ofSeconds(30),
                    () -> "why it waits\n" + dispatcher.log(),
                    () -> build.errorsSoFar().contains("waits for machine builder-2"));
            assertThat(build.errorsSoFar()).contains("it is drained");

            Command.of(Checkout.dispatcher(), "resume", "builder-2", "--config", settings)
                    .run()
                    .orFail();
            String path = build.await(Duration.ofSeconds(60)).orFail().out().strip();
            assertThat(fleet.machine(1).holds(path)).isTrue();
        }
    }
}
