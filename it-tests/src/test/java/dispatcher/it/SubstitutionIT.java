package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Machines with a binary cache of their own, which the client has not.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SubstitutionIT {

    @TempDir
    private static Path folder;

    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;
    private HttpServer server;

    @BeforeAll
    void start() throws Exception {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        server = SimpleFileServer.createFileServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), cache, SimpleFileServer.OutputLevel.NONE);
        server.start();
        Path conf = Files.writeString(
                folder.resolve("nix.conf"),
                "substituters = http://127.0.0.1:%d\nrequire-sigs = false\n"
                        .formatted(server.getAddress().getPort()));
        fleet = Fleet.of(2).option("--extra-nix-conf", conf.toString()).start();
        client = NixClient.beside(fleet).start();
        dispatcher = DispatcherProcess.start(fleet);
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) dispatcher.close();
            if (server != null) server.stop(0);
        }
    }

    @Test
    void whatMachinesCanFetchIsNotUploaded() throws Exception {
        String input = buildHere();
        fillCache(input);
        int before = spooledNars().size();
        build(input, true).orFail();

        assertThat(spooledNars()).hasSize(before);
        assertThat(dispatcher.log()).doesNotContain("lost");
    }

    @Test
    void whatTheyCannotFetchIsUploaded() throws Exception {
        int before = spooledNars().size();
        build(buildHere(), true).orFail();

        assertThat(spooledNars()).hasSize(before + 1);
    }

    @Test
    void withoutLeaveOfTheClientAllIsUploaded() throws Exception {
        String input = buildHere();
        fillCache(input);
        int before = spooledNars().size();
        build(input, false).orFail();

        assertThat(spooledNars()).hasSize(before + 1);
    }

    private void fillCache(String path) throws Exception {
        client.run(
                        "nix",
                        "--extra-experimental-features",
                        "nix-command",
                        "copy",
                        "--no-check-sigs",
                        "--to",
                        "file://" + folder.resolve("cache") + "?compression=none",
                        path)
                .orFail();
    }

    private String buildHere() throws Exception {
        return client.buildCommand("big-output", "megabytes", "2", "kind", "random")
                .with("--builders", "", "--max-jobs", "1")
                .run()
                .orFail()
                .out()
                .strip();
    }

    private Result build(String input, boolean substitute) throws Exception {
        return client.buildCommand("big-input", "file", input)
                .with("--builders", dispatcher.builders())
                .with("--option", "builders-use-substitutes", substitute)
                .run();
    }

    private List<Path> spooledNars() throws IOException {
        try (Stream<Path> files = Files.walk(fleet.folder().resolve("spool"))) {
            return files.filter(file -> file.toString().endsWith(".nar")).toList();
        }
    }
}
