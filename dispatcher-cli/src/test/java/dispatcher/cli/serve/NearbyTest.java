package dispatcher.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.settings.file.Surroundings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NearbyTest {
    @TempDir
    private Path directory;

    private Nearby nearby(int port) {
        return new Nearby(new Surroundings(directory, directory, "me", "x86_64-linux", Map.of()), directory, port);
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    void nothingIsNamedWhereNothingIs() throws IOException {
        assertThat(nearby(freePort()).hints(Set.of())).isEmpty();
    }

    @Test
    void hostsOfSshConfigAreNamedWithTheCommandThatAddsThem() throws IOException {
        Files.createDirectories(directory.resolve(".ssh"));
        Files.writeString(directory.resolve(".ssh/config"), """
                Host arm-1 arm-2
                  HostName 10.0.0.7
                host = mac
                Host *.example.org !x -oProxyCommand=sh
                Host known
                """);

        assertThat(nearby(freePort()).hints(Set.of("known")))
                .satisfiesExactly(
                        hint -> assertThat(hint).contains("`dispatcher machine add --persist arm-1`"),
                        hint -> assertThat(hint).contains("`dispatcher machine add --persist arm-2`"),
                        hint -> assertThat(hint).contains("`dispatcher machine add --persist mac`"));
    }

    @Test
    void theLinuxBuilderAndAContainerEngineAreNamed() throws IOException {
        Files.createDirectories(directory.resolve("run/podman"));
        Files.createFile(directory.resolve("run/podman/podman.sock"));
        try (var builder = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(nearby(builder.getLocalPort()).hints(Set.of()))
                    .satisfiesExactly(
                            hint -> assertThat(hint).contains("builder@localhost:" + builder.getLocalPort()),
                            hint -> assertThat(hint).contains("run/podman/podman.sock"));
        }
    }
}
