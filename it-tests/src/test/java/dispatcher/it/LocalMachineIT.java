package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The dispatcher's own host as its only machine, at the socket of its Nix daemon. That daemon has the dispatcher as a
/// builder, too. Another host, with a network of its own, is a client over SSH.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LocalMachineIT {
    private Fleet fleet;
    private NixClient host;
    private MachineAsClient other;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).ownNetworks().start();
        Path builders = fleet.folder().resolve("builders");
        host = NixClient.beside(fleet)
                .daemon()
                .setting("builders = @" + builders)
                .start();
        Path settings = DispatcherSettings.of(fleet)
                .set(
                        "machines",
                        "[{hostName: localhost, name: here, protocol: local, socket: %s, system: x86_64-linux, maxJobs: 2}]"
                                .formatted(host.daemonSocket()))
                .set("listen", "{socket: %s, ssh: '%s'}".formatted(fleet.socket(), MachineAsClient.SSH))
                .set("authorizedKeys", fleet.key() + ".pub")
                .set("hostStore", host.daemonSocket())
                .write("local");
        dispatcher = DispatcherProcess.start(fleet, settings);
        Files.writeString(builders, dispatcher.builders() + "\n");
        other = new MachineAsClient(fleet, fleet.machine(0));
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    private Result buildOnOtherHost(String script) throws Exception {
        return other.build(MachineAsClient.builders(), MachineAsClient.derivation(script));
    }

    @Test
    void clientsOfOtherHostsGetTheirBuildsDoneHere() throws Exception {
        String salt = NixClient.newSalt();

        Result result = buildOnOtherHost("echo %s > $out".formatted(salt));

        String path = result.orFail().out().strip();
        assertThat(fleet.machine(0).nix().resolveSibling(path.substring(1))).hasContent(salt + "\n");
        assertThat(host.outside(path)).as("built here").hasContent(salt + "\n");
        assertThat(dispatcher.log()).contains("here");
    }

    @Test
    void failedBuildIsThatOfTheBuild() throws Exception {
        Result result = buildOnOtherHost("echo why " + NixClient.newSalt() + "; exit 3");

        assertThat(result.exit()).isNotZero();
        assertThat(result.err()).contains("why ").contains("failed with exit code 3");
    }

    /// Its daemon has locked the outputs of what it asks for: to give it that build would make it wait for itself.
    @Test
    void hostGetsNoBuildThatItsOwnNixWaitsFor() throws Exception {
        Result result = host.buildCommand("one")
                .with("--builders", dispatcher.builders())
                .run();

        assertThat(result.exit()).isNotZero();
        assertThat(result.err())
                .contains("asked for on the only machine that is there for it")
                .contains("here: client root@local asks for it on this very machine");
    }

    @Test
    void pingReachesIt() throws Exception {
        Result result = fleet.within(Command.of(
                        Checkout.dispatcher(),
                        "ping",
                        "--config",
                        fleet.folder().resolve("local.yaml")))
                .run();

        assertThat(result.out() + result.err()).contains("here").doesNotContain("unreachable");
        assertThat(result.exit()).as(result.toString()).isZero();
    }
}
