package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.utility.MountableFile;

/// A builder machine in a container. No image is pulled: its programs are this machine's, see
/// `it-tests/fleet/container-machine`.
@NeedsContainers
@Timeout(180)
class ContainerFleetIT {

    private static final String ADDRESS = "127.0.0.1";
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final String IMAGE = """
            FROM scratch
            WORKDIR /
            WORKDIR /root
            WORKDIR /tmp
            """;

    @Test
    void machineInAContainerBuildsForAStockClient() throws Exception {
        try (Fleet fleet = Fleet.of(1).start();
                GenericContainer<?> container = container(fleet, freePort())) {
            container.start();
            Path settings = settings(fleet, container);

            try (DispatcherProcess dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
                    NixClient client = NixClient.beside(fleet)
                            .builders(dispatcher.builders())
                            .start()) {
                Command.of(Checkout.dispatcher(), "ping", "--config", settings)
                        .run()
                        .orFail();

                String path = client.build("one").orFail().out().strip();

                assertThat(client.outside(path)).exists();
                assertThat(container.execInContainer("test", "-e", path).getExitCode())
                        .isZero();
                assertThat(fleet.machine(0).holds(path)).isFalse();
            }
        }
    }

    /// One that is in the network of this machine, as any engine on it can do without a bridge.
    private static GenericContainer<?> container(Fleet fleet, int port) throws Exception {
        GenericContainer<?> container = new GenericContainer<>(
                        new ImageFromDockerfile().withFileFromString("Dockerfile", IMAGE))
                .withNetworkMode("host")
                .withEnv("ADDRESS", ADDRESS)
                .withEnv("PORT", Integer.toString(port))
                .withEnv("AUTHORIZED_KEY", Files.readString(publicKey(fleet)).strip())
                .withEnv("SECONDS_TO_LIVE", "600")
                .withCopyFileToContainer(
                        MountableFile.forHostPath(Checkout.script("container-machine"), 0755), "/container-machine")
                .withCommand("/bin/sh", "/container-machine")
                .waitingFor(Wait.forLogMessage(".*Server listening on.*", 1).withStartupTimeout(START_LIMIT));
        for (String folder : new String[] {"/usr", "/bin", "/sbin", "/lib", "/lib64"}) {
            if (Files.exists(Path.of(folder))) {
                container.withFileSystemBind(folder, folder, BindMode.READ_ONLY);
            }
        }
        return container;
    }

    /// The fleet's, with the container in place of its machine.
    private static Path settings(Fleet fleet, GenericContainer<?> container) throws Exception {
        String hostKey = container
                .execInContainer("cat", "/etc/ssh/ssh_host_ed25519_key.pub")
                .getStdout()
                .strip();
        return DispatcherSettings.of(fleet)
                .set(
                        "machines",
                        "[{name: container, hostName: %s, port: %s, %s, protocol: ssh-ng, sshUser: root, sshKey: %s, publicHostKey: %s, maxJobs: 2}]"
                                .formatted(
                                        ADDRESS,
                                        container.getEnvMap().get("PORT"),
                                        "systems: " + fleet.systems(),
                                        fleet.key(),
                                        hostKey))
                .write("container");
    }

    private static Path publicKey(Fleet fleet) {
        return fleet.key().resolveSibling(fleet.key().getFileName() + ".pub");
    }

    /// Free a moment ago; nothing else here takes ports at random.
    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
