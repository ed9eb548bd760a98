package dispatcher.cli.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.OnDemand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineSocketTest {
    private static final OnDemand.Container CONTAINER = OnDemand.Container.of("builder");

    @TempDir
    private Path directory;

    @Test
    void theEnvironmentSaysWhereItIs() throws Exception {
        var socket = Files.createFile(directory.resolve("s"));
        assertThat(EngineSocket.of(CONTAINER, Map.of("DOCKER_HOST", "unix://" + socket))
                        .find())
                .isEqualTo(socket);
    }

    @Test
    void anEngineOfAnotherHostIsNotUsed() {
        assertThatThrownBy(() -> EngineSocket.of(CONTAINER, Map.of("DOCKER_HOST", "tcp://10.0.0.1:2375"))
                        .find())
                .isInstanceOf(IOException.class)
                .hasMessage("no container engine can be used: DOCKER_HOST is 'tcp://10.0.0.1:2375', and only unix://"
                        + " sockets of this host are used; set onDemand.container.socket");
    }

    @Test
    void podmanOfTheUserIsFound() throws Exception {
        Files.createDirectories(directory.resolve("podman"));
        var socket = Files.createFile(directory.resolve("podman/podman.sock"));
        var found = EngineSocket.of(CONTAINER, Map.of("XDG_RUNTIME_DIR", directory.toString()));
        assertThat(found.candidates()).contains(socket);
    }

    @Test
    void oneThatIsNotThereIsNamedWithWhatToDo() {
        var missing = directory.resolve("none");
        assertThatThrownBy(() -> EngineSocket.of(CONTAINER, Map.of("DOCKER_HOST", "unix://" + missing))
                        .find())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no container engine was found: there is no socket " + missing)
                .hasMessageContaining("start Docker or Podman");
    }
}
