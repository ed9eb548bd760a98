package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Large and odd things both ways through a dispatcher with a small heap. With the system property `it.large=true`
/// they are larger by far, and take many minutes and tens of gigabytes of disk.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LargeThingsIT {

    private static final boolean LARGE = Boolean.getBoolean("it.large");
    private static final int FILES = LARGE ? 200_000 : 20_000;
    private static final int PATHS = LARGE ? 100_000 : 2_000;
    private static final int MEGABYTES = LARGE ? 20 << 10 : 2100;
    private static final Pattern PATHS_COPIED = Pattern.compile("inputs copied .*\\bpaths=(\\d+)");
    private static final Duration LIMIT = Duration.ofMinutes(LARGE ? 60 : 4);

    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).start();
        client = NixClient.beside(fleet).timeout(LIMIT).start();
        Path settings = DispatcherSettings.of(fleet)
                .set("spool", "{path: %s, size: 50GiB}".formatted(fleet.folder().resolve("spool")))
                .write("large");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "-Xmx128m");
    }

    @AfterEach
    void heapWasEnough() {
        assertThat(dispatcher.log()).doesNotContain("OutOfMemory");
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
    void directoryOfManyFilesAsOutput() throws Exception {
        String path = build("many-files", "n", Integer.toString(FILES));

        try (var files = Files.list(client.outside(path))) {
            assertThat(files).hasSize(FILES);
        }
    }

    @Test
    void directoryOfManyFilesAsInput() throws Exception {
        sendAsInput(buildLocally("many-files", "n", Integer.toString(FILES)));
    }

    @Test
    void oddNamesInAnOutput() throws Exception {
        String salt = NixClient.newSalt();
        String expected = narHash(buildLocally("odd-names", "salt", salt));
        NixClient other = NixClient.beside(fleet).start();

        String path = other.buildCommand("odd-names", "salt", salt)
                .with("--builders", dispatcher.builders())
                .run()
                .orFail()
                .out()
                .strip();

        assertThat(narHash(other, path)).isEqualTo(expected);
        assertThat(other.run("ls", path).orFail().lines())
                .contains("x".repeat(255), "ä".repeat(127) + "y")
                .hasSizeGreaterThanOrEqualTo(5);
    }

    @Test
    void oddNamesInAnInput() throws Exception {
        sendAsInput(buildLocally("odd-names"));
    }

    /// A hole of more than 2 GiB, which is zeros in the NAR.
    @Test
    void hugeSparseFileAsOutput() throws Exception {
        String path = build("big-output", "kind", "sparse", "megabytes", Integer.toString(MEGABYTES));

        assertThat(Files.size(client.outside(path))).isEqualTo((long) MEGABYTES << 20);
        client.run("nix-store", "--delete", path).orFail();
    }

    @Test
    void closureOfManyPaths() throws Exception {
        sendClosure(PATHS, 100);
    }

    /// So large that several conversations with the machine share it.
    @Test
    void closureOfLargePaths() throws Exception {
        for (String path : sendClosure(6, 40 << 20))
            fleet.machine(0).run("nix-store", "--verify-path", path).orFail();
    }

    /// A list of paths, with them.
    private List<String> sendClosure(int paths, int bytes) throws Exception {
        String list = client.run(Checkout.script("many-paths"), paths, bytes)
                .orFail()
                .out()
                .strip();

        int before = dispatcher.log().length();
        sendAsInput(list);

        List<String> closure = fleet.machine(0)
                .run("nix-store", "--query", "--requisites", list)
                .orFail()
                .lines();
        assertThat(closure).hasSize(paths + 1);
        assertThat(pathsSent(dispatcher.log().substring(before))).isEqualTo(paths + 1);
        return closure;
    }

    /// Large ones go while they come, the others with the build.
    private static int pathsSent(String log) {
        int early = Math.toIntExact(log.lines()
                .filter(line -> line.contains("input sent while it came"))
                .count());
        int copied = PATHS_COPIED
                .matcher(log)
                .results()
                .mapToInt(match -> Integer.parseInt(match.group(1)))
                .sum();
        return early + copied;
    }

    /// Builds something that needs a path which only the client has, and looks whether it got to the machine whole.
    private void sendAsInput(String path) throws Exception {
        assertThat(fleet.machine(0).holds(path)).isFalse();

        build("with-input", "source", path);

        fleet.machine(0).run("nix-store", "--verify-path", path).orFail();
        String arrived = fleet.machine(0)
                .run("nix-store", "--query", "--hash", path)
                .orFail()
                .out()
                .strip();
        assertThat(arrived).isEqualTo(narHash(path));
    }

    private String narHash(String path) throws Exception {
        return narHash(client, path);
    }

    private static String narHash(NixClient client, String path) throws Exception {
        return client.run("nix-store", "--query", "--hash", path).orFail().out().strip();
    }

    private String build(String graph, String... arguments) throws Exception {
        return client.buildCommand(graph, arguments)
                .with("--builders", dispatcher.builders())
                .run()
                .orFail()
                .out()
                .strip();
    }

    private String buildLocally(String graph, String... arguments) throws Exception {
        return client.buildCommand(graph, arguments)
                .with("--builders", "", "--max-jobs", 1)
                .run()
                .orFail()
                .out()
                .strip();
    }
}
