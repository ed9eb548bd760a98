package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// A dispatcher on the host of its client, whose store it reads in place.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostStoreIT {

    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(2).start();
        client = NixClient.beside(fleet).daemon().start();
        Path settings = DispatcherSettings.of(fleet)
                .set("hostStore", client.daemonSocket())
                .write("host");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    @Test
    void inputsOfALocalClientAreNotUploaded() throws Exception {
        build("wide").orFail();
        build("closure").orFail();
        build("multi-output").orFail();

        assertThat(spooledNars()).isEmpty();
    }

    @Test
    void hostStoreThatGoesAwayIsDoneWithout() throws Exception {
        Path socket = fleet.folder().resolve("gone.sock");
        Path settings = DispatcherSettings.of(fleet)
                .set("hostStore", socket)
                .set("listen", "{socket: %s}".formatted(fleet.folder().resolve("other.sock")))
                .set("state", fleet.folder().resolve("other-state"))
                .set("spool", "{path: %s}".formatted(fleet.folder().resolve("other-spool")))
                .write("gone");
        try (DispatcherProcess other =
                DispatcherProcess.start(settings, fleet.folder().resolve("other.sock"), "")) {
            client.buildCommand("wide")
                    .with("--builders", other.builders())
                    .run()
                    .orFail();

            assertThat(other.log()).contains("the host's Nix store cannot be read");
        }
    }

    private Result build(String graph) throws Exception {
        return client.buildCommand(graph)
                .with("--builders", dispatcher.builders())
                .run();
    }

    private List<Path> spooledNars() throws IOException {
        try (Stream<Path> files = Files.walk(fleet.folder().resolve("spool"))) {
            return files.filter(file -> file.toString().endsWith(".nar")).toList();
        }
    }
}
