package dispatcher.it;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A machine that reaches the dispatcher and takes no connection from outside, whose name has no address either. It
/// runs what `dispatcher machine unit` prints.
@NeedsNamespaces
class DialInIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String HUB = "10.77.0.254";

    private Fleet fleet;
    private Fleet.Machine machine;
    private NixClient client;
    private Path settings;
    private DispatcherProcess dispatcher;
    private Background dialling;

    @BeforeEach
    void start() throws Exception {
        fleet = Fleet.of(1).ownNetworks().start();
        machine = fleet.machine(0);
        client = NixClient.beside(fleet).start();
        machine.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/dial-in")
                .orFail();
        String key = machine.run("cat", "/root/dial-in.pub").orFail().out().strip();
        Path clients = Files.writeString(fleet.folder().resolve("authorized_keys"), "");
        settings = DispatcherSettings.of(fleet)
                .set("listen", "{socket: %s, ssh: '%s:2200'}".formatted(fleet.socket(), HUB))
                .set("authorizedKeys", clients)
                .set("ssh", "{keepAlive: 1s}")
                .set("timeouts", "{connect: 3s, handshake: 10s, silentConnection: 3s, waitForMachine: 60s}")
                // It has no address that leads there: only the machine itself opens a way.
                .changeMachines("hostName: " + machine.address(), "hostName: laptop.invalid\n    dialsIn: " + key)
                .write("dial-in");
        dispatcher = DispatcherProcess.start(fleet, settings);
        dialling = Background.start(
                Command.of(
                                Checkout.script("host"),
                                "run",
                                fleet.folder().resolve("hosts").resolve(machine.name()),
                                "sh",
                                "-c",
                                script())
                        .within(Duration.ofMinutes(10)),
                fleet.folder());
        dispatcher.awaitLog("machine has come", PATIENCE);
    }

    @AfterEach
    void stop() throws Exception {
        if (dialling != null) dialling.close();
        if (dispatcher != null) dispatcher.close();
        if (client != null) client.close();
        if (fleet != null) fleet.close();
    }

    /// What the unit does, with its restarts.
    private String script() throws Exception {
        List<String> unit = Command.of(
                        Checkout.dispatcher(),
                        "machine",
                        "unit",
                        "--config",
                        settings,
                        machine.name(),
                        "--dispatcher",
                        HUB,
                        "--key",
                        "/root/dial-in",
                        "--sshd-port",
                        requireNonNull(fleet.facts().get("port")))
                .run()
                .orFail()
                .lines();
        // The machine's sshd listens at that address only.
        String ssh = value(unit, "ExecStart=").replace("0:localhost:", "0:" + machine.address() + ":");
        return "mkdir -p /run/dispatcher-dial-in; %s; while :; do %s; sleep 1; done"
                .formatted(value(unit, "ExecStartPre="), ssh);
    }

    private static String value(List<String> unit, String key) {
        return unit.stream()
                .filter(line -> line.startsWith(key))
                .findFirst()
                .orElseThrow()
                .substring(key.length());
    }

    private Command build() throws Exception {
        return client.buildCommand("trivial", "n", "1").with("--builders", dispatcher.builders());
    }

    private void assertBuilds() throws Exception {
        Result result = build().run();
        assertThat(result.succeeded()).as(result + "\n" + dispatcher.log()).isTrue();
        assertThat(machine.holds(result.out().strip())).isTrue();
    }

    /// It is no child of the machine's first process.
    private void endConnection() {
        List<ProcessHandle> found = ProcessHandle.allProcesses()
                .filter(process -> process.info().command().orElse("").endsWith("/ssh"))
                .filter(process -> process.info().commandLine().orElse("").contains("0:" + machine.address() + ":"))
                .toList();
        assertThat(found).isNotEmpty().allMatch(ProcessHandle::destroyForcibly);
    }

    @Test
    void aBuildRunsThereAlsoAfterItWasGoneOrCutOff() throws Exception {
        assertBuilds();

        endConnection();
        dispatcher.awaitLog("machine has gone", PATIENCE);
        assertBuilds();

        machine.cut();
        try (Background waiting = Background.start(build(), fleet.folder())) {
            dispatcher.awaitLog("machine set aside", PATIENCE);
            machine.mend();
            Result result = waiting.await(PATIENCE);
            assertThat(result.succeeded()).as(result + "\n" + dispatcher.log()).isTrue();
        }
        assertBuilds();
    }
}
