package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// A gigabyte each way through a dispatcher that has a small fraction of that as its heap.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BigNarIT {

    private static final long GIGABYTE = 1L << 30;

    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).start();
        client = NixClient.beside(fleet).start();
        dispatcher = DispatcherProcess.start(DispatcherSettings.of(fleet).write("small"), fleet.socket(), "-Xmx128m");
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
    void gigabyteOfOutput() throws Exception {
        String path = build("big-output", "megabytes", "1024");

        assertThat(Files.size(client.outside(path))).isEqualTo(GIGABYTE);
        assertThat(dispatcher.log()).doesNotContain("OutOfMemory");
    }

    @Test
    void gigabyteOfInput() throws Exception {
        Path file = fleet.folder().resolve("gigabyte");
        try (var channel = Files.newByteChannel(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.position(GIGABYTE - 1);
            channel.write(ByteBuffer.allocate(1));
        }
        String path = build("big-input", "file", file.toString());

        assertThat(client.outside(path)).content().startsWith(GIGABYTE + "\n");
        assertThat(dispatcher.log()).doesNotContain("OutOfMemory");
    }

    private String build(String graph, String... arguments) throws Exception {
        return client.buildCommand(graph, arguments)
                .with("--builders", dispatcher.builders())
                .within(Duration.ofMinutes(5))
                .run()
                .orFail()
                .out()
                .strip();
    }
}
