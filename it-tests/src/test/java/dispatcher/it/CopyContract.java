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
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// `nix copy` to the dispatcher as a store, whose machine has a binary cache.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CopyContract {

    @TempDir
    private static Path folder;

    private final NixRelease release;

    /// Whether the client's `--substitute-on-destination` reaches stores over `ssh-ng://`.
    private final boolean tellsToSubstitute;

    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;
    private HttpServer server;
    private Path cache;
    private String store = "";

    CopyContract(NixRelease release, boolean tellsToSubstitute) {
        this.release = release;
        this.tellsToSubstitute = tellsToSubstitute;
    }

    @BeforeAll
    void start() throws Exception {
        cache = Files.createTempDirectory(folder, "cache");
        server = SimpleFileServer.createFileServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), cache, SimpleFileServer.OutputLevel.NONE);
        server.start();
        Path conf = Files.writeString(
                cache.resolveSibling(cache.getFileName() + ".conf"),
                "substituters = http://127.0.0.1:%d\nrequire-sigs = false\n"
                        .formatted(server.getAddress().getPort()));
        fleet = Fleet.of(1).option("--extra-nix-conf", conf.toString()).start();
        var builder = NixClient.beside(fleet).contentAddressed();
        release.tree().ifPresent(builder::nix);
        client = builder.start();
        client.run("nix-store", "--generate-binary-cache-key", "cache-1", key(), key() + ".pub")
                .orFail();
        Path settings = DispatcherSettings.of(fleet)
                .set(
                        "trustedPublicKeys",
                        "['%s']"
                                .formatted(Files.readString(Path.of(key() + ".pub"))
                                        .strip()))
                .write("copy");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
        store = dispatcher.builders().split(" ")[0];
    }

    private String key() {
        return fleet.folder().resolve("cache-key").toString();
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) dispatcher.close();
            if (server != null) server.stop(0);
        }
    }

    @Test
    void realisationsOfContentAddressedOutputsComeWithTheirPaths() throws Exception {
        String salt = NixClient.newSalt();
        String out = client.buildCommand("floating-ca", "salt", salt)
                .with("--builders", "", "--max-jobs", "1")
                .run()
                .orFail()
                .out()
                .strip();
        nix("copy", "--no-check-sigs", "--to", store, "--file", Checkout.graph("floating-ca"), "--argstr", "salt", salt)
                .orFail();

        nix("path-info", "--store", store, out).orFail();
        assertThat(Files.readString(narInfo(out).orElseThrow()))
                .contains("\nRealisation: {")
                .contains("!out");
    }

    @Test
    void whatAMachineCanFetchIsThereAfterwards() throws Exception {
        String path = pathInCache(true);
        nix("copy", "--substitute-on-destination", "--to", store, path).orFail();

        assertThat(narInfo(path).isEmpty()).as("fetched by the machine").isEqualTo(tellsToSubstitute);
        nix("path-info", "--store", store, path).orFail();
        assertThat(fleet.machine(0).holds(path)).isEqualTo(tellsToSubstitute);
    }

    /// A client that has just had something built is expected to build again. It sends a path without a proof once it
    /// learns that it is missing.
    @Test
    void whatIsFetchedAndNotProvenIsToldAClientThatBuildsAndThenSent() throws Exception {
        client.buildCommand("one")
                .with("--builders", dispatcher.builders())
                .run()
                .orFail();
        String path = pathInCache(false);
        Result first = nix("copy", "--substitute-on-destination", "--to", store, path);
        assertThat(first.exit() != 0).as("first:%n%s", first.err()).isEqualTo(tellsToSubstitute);
        if (tellsToSubstitute)
            assertThat(first.err()).contains("nothing proves").contains("copy once more");

        sign(path);
        nix("copy", "--substitute-on-destination", "--to", store, path).orFail();
        nix("path-info", "--store", store, path).orFail();
    }

    /// The client says nothing after it has asked what is there, and so cannot learn that something is missing.
    @Test
    void whatIsCopiedWithoutALookAtSignaturesIsThereAtOnce() throws Exception {
        for (boolean signed : new boolean[] {true, false, true}) {
            String path = pathInCache(signed);
            nix("copy", "--no-check-sigs", "--substitute-on-destination", "--to", store, path)
                    .orFail();
            nix("path-info", "--store", store, path).orFail();
            assertThat(narInfo(path).isEmpty()).as("fetched by the machine").isEqualTo(signed && tellsToSubstitute);
        }
        assertThat(dispatcher.log()).doesNotContain("what a client copied here is not here");
    }

    private Result nix(Object... words) throws Exception {
        return client.command("nix", "--extra-experimental-features", "nix-command ca-derivations")
                .with(words)
                .run();
    }

    private String pathInCache(boolean signed) throws Exception {
        String path = client.buildCommand("big-output", "megabytes", "1", "kind", "random")
                .with("--builders", "", "--max-jobs", "1")
                .run()
                .orFail()
                .out()
                .strip();
        if (signed) sign(path);
        nix("copy", "--no-check-sigs", "--to", "file://" + cache + "?compression=none", path)
                .orFail();
        return path;
    }

    private void sign(String path) throws Exception {
        nix("store", "sign", "--key-file", key(), path).orFail();
    }

    private Optional<Path> narInfo(String path) throws IOException {
        String name = path.substring("/nix/store/".length()) + ".narinfo";
        try (Stream<Path> files = Files.walk(fleet.folder().resolve("spool"))) {
            List<Path> found = files.filter(file -> file.endsWith(name)).toList();
            return found.stream().findFirst();
        }
    }
}
