package dispatcher.cli.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.nix.Hash;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import dispatcher.store.NarToAdd;
import dispatcher.store.spool.Spool;
import dispatcher.store.spool.SpoolLimits;
import dispatcher.store.spool.SpoolSession;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SpoolCommandTest {
    private static final StorePath A = StorePath.of("a".repeat(32), "a");
    private static final StorePath B = StorePath.of("b".repeat(32), "b");

    @TempDir
    private Path directory;

    private Path config;
    private final StringWriter out = new StringWriter();
    private Exception thrown = new IOException("nothing was thrown");

    @BeforeEach
    void writeSettings() throws IOException {
        config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                spool: {size: 10KiB}
                machines: [{hostName: a, system: x86_64-linux}]
                """);
    }

    private Path path() {
        return directory.resolve("state/spool");
    }

    private Spool open() throws IOException {
        return Spool.open(path(), StoreDir.NIX_STORE, SpoolLimits.of(10 << 10));
    }

    private static void add(Spool spool, StorePath path, int bytes) throws IOException, InterruptedException {
        var nar = new byte[bytes];
        var hash = new NarHash(Hash.sha256(nar).bytes());
        try (var session = spool.session("client")) {
            session.addToStore(List.of(new NarToAdd(PathInfo.of(path, hash, nar.length, List.of()), sink -> {
                sink.write(nar);
                return new NarSummary(hash, nar.length);
            })));
        }
    }

    private static SpoolSession pin(Spool spool, StorePath path) {
        var session = spool.session("client");
        session.keep(List.of(path));
        return session;
    }

    private ApiServer serve(Spool spool) throws IOException {
        var settings = SettingsFile.load(config, Surroundings.ofProcess());
        return ApiServer.open(settings.controlSocket(), new SpoolEndpoints(spool, settings.spool()).endpoints());
    }

    @Test
    void asksTheRunningDispatcher() throws Exception {
        try (var spool = open();
                var _ = serve(spool)) {
            add(spool, A, 1024);
            add(spool, B, 2048);
            try (var pin = pin(spool, A)) {
                assertThat(pin).isNotNull();
                assertThat(run("--paths")).isZero();
            }
        }
        var lines = out.toString().lines().toList();
        assertThat(lines.get(0)).matches("SPOOL +USED +LIMIT +PATHS +PINNED");
        assertThat(lines.get(1)).isEqualTo(path() + "  3 KiB  10 KiB  2      1 KiB");
        assertThat(lines.get(3)).matches("SIZE +LAST USE +PINNED +PATH");
        assertThat(lines.get(4)).matches("2 KiB  \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ  no      /nix/store/b+-b");
        assertThat(lines.get(5)).matches("1 KiB  .*Z  yes     /nix/store/a+-a");
        assertThat(lines).hasSize(6);
    }

    @Test
    void trimsTheSpoolOfTheRunningDispatcherButNotWhatIsPinned() throws Exception {
        try (var spool = open();
                var _ = serve(spool)) {
            add(spool, A, 1024);
            add(spool, B, 2048);
            try (var pin = pin(spool, A)) {
                assertThat(pin).isNotNull();
                assertThat(run("trim", "0")).isZero();
            }
            assertThat(spool.queryAllValidPaths()).containsExactly(A);
        }
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                        /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-b
                        1 path went and freed 2 KiB; 1 path with 1 KiB left
                        that is more than 0 B because 1 KiB are pinned: what clients or builds need now stays
                        """);
    }

    @Test
    void opensTheSpoolItselfWhereNoDispatcherRuns() throws Exception {
        try (var spool = open()) {
            add(spool, A, 1024);
            add(spool, B, 2048);
        }
        assertThat(run()).isZero();
        assertThat(out.toString()).contains(path() + "  3 KiB  10 KiB  2      0 B");
        assertThat(run("trim", "2KiB")).isZero();
        assertThat(out.toString()).contains("1 path went and freed 1 KiB; 1 path with 2 KiB left");
        try (var spool = open()) {
            assertThat(spool.queryAllValidPaths()).containsExactly(B);
        }
    }

    @Test
    void aLookLetsNothingGoThoughTheLimitIsLower() throws Exception {
        try (var spool = open()) {
            add(spool, A, 8 << 10);
        }
        Files.writeString(config, Files.readString(config).replace("10KiB", "1KiB"));
        assertThat(run()).isZero();
        assertThat(out.toString()).contains(path() + "  8 KiB  1 KiB  1      0 B");
    }

    @Test
    void aSpoolThatIsNotThereIsEmptyAndNotMade() {
        assertThat(run("--paths")).isZero();
        assertThat(run("trim", "0")).isZero();
        assertThat(out.toString()).contains("  0 B   10 KiB  0      0 B", "0 paths went");
        assertThat(path()).doesNotExist();
    }

    @Test
    void aSpoolThatSomebodyElseHasOpenIsTold() throws Exception {
        try (var spool = open()) {
            assertThat(spool).isNotNull();
            assertThat(run()).isEqualTo(1);
        }
        assertThat(thrown)
                .hasMessageContaining("no dispatcher answers at " + directory.resolve("state/control.sock"))
                .hasMessageContaining("is in use by")
                .hasMessageContaining("pid " + ProcessHandle.current().pid());
    }

    @Test
    void printsJson() throws Exception {
        try (var spool = open()) {
            add(spool, A, 1024);
        }
        assertThat(run("--json", "--paths")).isZero();
        var json = Json.parse(out.toString());
        assertThat(json.propertyStream().map(Map.Entry::getKey))
                .containsExactly("bytes", "entries", "limit", "path", "paths", "pinnedBytes");
        assertThat(json.path("limit").longValue()).isEqualTo(10240);
        out.getBuffer().setLength(0);
        assertThat(run("trim", "--json", "0")).isZero();
        assertThat((Object) Json.parse(out.toString()).path("removed"))
                .isEqualTo(Json.texts(List.of("/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a")));
    }

    @Test
    void aSizeHasAUnit() {
        assertThat(run("trim", "10")).isEqualTo(2);
        assertThat(run("trim")).isEqualTo(2);
        assertThat(run("trim", "-1GiB")).isEqualTo(2);
    }

    @Test
    void theSettingsMayBeNamedAfterTheSubcommandToo() {
        assertThat(commandLine().execute("trim", "--config", config.toString(), "0"))
                .isZero();
        assertThat(out.toString()).contains("0 paths went");
    }

    private int run(String... arguments) {
        var all = new ArrayList<>(List.of("--config", config.toString()));
        all.addAll(List.of(arguments));
        return commandLine().execute(all.toArray(String[]::new));
    }

    private CommandLine commandLine() {
        return new CommandLine(new SpoolCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(new StringWriter()))
                .setExecutionExceptionHandler((e, _, _) -> {
                    thrown = e;
                    return CommandLine.ExitCode.SOFTWARE;
                });
    }
}
