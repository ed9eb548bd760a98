package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.images.builder.ImageFromDockerfile;

/// A machine that is a container which the dispatcher makes, starts, finds again after a crash, and stops. No image is
/// pulled: its programs are this machine's, see `it-tests/fleet/container-machine`.
@NeedsContainers
@Timeout(300)
class ContainerOnDemandIT {
    private static final String NAME = "contained";

    /// From a machine that is off to the end of its first build, beside what the engine itself takes; with room for a
    /// busy host.
    private static final Duration FIRST_BUILD = Duration.ofSeconds(20);

    private static final String IMAGE = """
            FROM scratch
            WORKDIR /
            WORKDIR /root
            WORKDIR /tmp
            """;

    @TempDir
    private Path folder;

    private String socket = "";

    @AfterEach
    void removeWhatIsLeft() {
        var client = DockerClientFactory.lazyClient();
        for (var container : client.listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(List.of("dispatcher.machine=" + NAME))
                .exec())
            client.removeContainerCmd(container.getId()).withForce(true).exec();
    }

    @Test
    void containerIsMadeForABuildFoundAgainAfterACrashAndStopped() throws Exception {
        socket = DockerClientFactory.instance()
                .getTransportConfig()
                .getDockerHost()
                .getPath();
        String image = new ImageFromDockerfile("dispatcher-it/on-demand", true)
                .withFileFromString("Dockerfile", IMAGE)
                .get();
        try (Fleet fleet = Fleet.of(1).start();
                NixClient client = NixClient.beside(fleet).start()) {
            Path settings = settings(fleet, image);
            try (DispatcherProcess dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
                assertThat(control(settings).power()).isEqualTo("off");
                long begun = System.nanoTime();
                build(client, dispatcher);
                var took = Duration.ofNanos(System.nanoTime() - begun);
                System.err.printf("first build in a container that was off: %d ms%n", took.toMillis());
                assertThat(took).isLessThan(FIRST_BUILD);
                assertThat(dispatcher.log())
                        .containsOnlyOnce("machine on demand starts by container of " + image)
                        .contains("machine on demand is ready");
                assertThat(control(settings).run("logs"))
                        .contains(NAME + " itself printed last:", "Server listening on");
                dispatcher.kill();
            }
            try (DispatcherProcess dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
                dispatcher.awaitLog("machine on demand was found running", Duration.ofSeconds(30));
                build(client, dispatcher);
                assertThat(dispatcher.log()).doesNotContain("machine on demand starts");
                control(settings).run("stop", "--wait");
                assertThat(control(settings).power()).isEqualTo("off");
                assertThat(running()).isEmpty();

                build(client, dispatcher);
                assertThat(running()).as("the same container again").hasSize(1);
                control(settings).run("stop", "--wait");
                assertThat(dispatcher.stop()).isZero();
            }
        }
    }

    private static void build(NixClient client, DispatcherProcess dispatcher) throws Exception {
        client.buildCommand("straggler")
                .with("--builders", dispatcher.builders())
                .run()
                .orFail();
    }

    private static List<String> running() {
        return DockerClientFactory.lazyClient()
                .listContainersCmd()
                .withLabelFilter(List.of("dispatcher.machine=" + NAME))
                .exec()
                .stream()
                .map(container -> container.getId())
                .toList();
    }

    private static MachineControl control(Path settings) {
        return new MachineControl(settings, NAME);
    }

    /// The fleet's, with the container in place of its machine.
    private Path settings(Fleet fleet, String image) throws Exception {
        Command.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder.resolve("host_key"))
                .run()
                .orFail();
        String mounts = Stream.concat(
                        Stream.of("/usr", "/bin", "/sbin", "/lib", "/lib64")
                                .filter(path -> Files.exists(Path.of(path)))
                                .map(path -> "%1$s:%1$s:ro".formatted(path)),
                        Stream.of(
                                Checkout.script("container-machine") + ":/container-machine:ro",
                                folder.resolve("host_key") + ":/host_key:ro"))
                .collect(Collectors.joining(", "));
        Path publicKey = fleet.key().resolveSibling(fleet.key().getFileName() + ".pub");
        int port = freePort();
        String entry = String.join(
                "\n",
                "",
                "  - name: " + NAME,
                "    hostName: 127.0.0.1",
                "    port: " + port,
                "    systems: " + fleet.systems(),
                "    protocol: ssh-ng",
                "    sshUser: root",
                "    sshKey: " + fleet.key(),
                "    publicHostKey: "
                        + Files.readString(folder.resolve("host_key.pub")).strip(),
                "    maxJobs: 2",
                "    onDemand:",
                "      container:",
                "        image: " + image,
                "        socket: " + socket,
                "        network: host",
                "        command: [/bin/sh, /container-machine]",
                "        mounts: [%s]".formatted(mounts),
                "        environment:",
                "          - ADDRESS=127.0.0.1",
                "          - PORT=" + port,
                "          - AUTHORIZED_KEY=" + Files.readString(publicKey).strip(),
                "          - SECONDS_TO_LIVE=600",
                "          - HOST_KEY=/host_key",
                "      bootTimeout: 30s");
        return DispatcherSettings.of(fleet).set("machines", entry).write("container");
    }

    /// Free a moment ago; nothing else here takes ports at random.
    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
