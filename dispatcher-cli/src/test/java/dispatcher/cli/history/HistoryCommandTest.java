package dispatcher.cli.history;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.state.StateDatabase;
import dispatcher.history.History;
import dispatcher.nix.attributes.PackageName;
import dispatcher.nix.json.Json;
import dispatcher.testkit.ManualClock;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class HistoryCommandTest {
    private static final String X86 = "x86_64-linux";
    private static final PackageName HELLO = new PackageName("hello");
    private static final PackageName LIBC = new PackageName("glibc");

    @TempDir
    private Path directory;

    private Path config;
    private History history;
    private final StringWriter out = new StringWriter();

    @BeforeEach
    void learn() throws IOException {
        config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines: [{hostName: a, system: x86_64-linux, speedFactor: 2}]
                """);
        history = new History(Duration.ofSeconds(30), new ManualClock());
        history.setMachines(SettingsFile.load(config, Surroundings.ofProcess()).machines());
        for (int i = 0; i < 3; i++) history.built(HELLO, X86, "a", Duration.ofMillis(1200));
        history.built(LIBC, X86, "a", Duration.ofMinutes(15));
        history.peakMemory(LIBC, X86, 3L << 30);
        history.outputBytes(LIBC, X86, 40 << 20);
    }

    private ApiServer serve() throws IOException {
        var settings = SettingsFile.load(config, Surroundings.ofProcess());
        return ApiServer.open(settings.controlSocket(), new HistoryEndpoints(history).endpoints());
    }

    private void save() {
        try (var state = StateDatabase.in(directory.resolve("state"))) {
            history.save(state.history());
        }
    }

    @Test
    void showsWhatTheRunningDispatcherKnows() throws Exception {
        try (var _ = serve()) {
            assertThat(run()).isZero();
        }
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                PACKAGE  SYSTEM        BUILDS  MEDIAN  P90   CHAIN  MEMORY  OUTPUTS  LAST SEEN
                glibc    x86_64-linux  1       30m     1h    30m    3 GiB   40 MiB   2026-01-01T00:00:00Z
                hello    x86_64-linux  3       2.4s    3.6s  2.4s   -       -        2026-01-01T00:00:00Z

                MACHINE  CONFIGURED SPEED  SPEED  MEASURED BY  BANDWIDTH
                a        2.00              2.00   0 builds     -
                """);
    }

    @Test
    void showsOnePackage() throws Exception {
        save();
        assertThat(run("hello")).isZero();
        assertThat(out.toString()).contains("hello").doesNotContain("glibc", "MACHINE");
        assertThat(run("other")).isZero();
        assertThat(out.toString()).contains("no build is known of that name");
    }

    @Test
    void readsTheDatabaseWhereNoDispatcherRuns() throws Exception {
        assertThat(run()).isZero();
        assertThat(out.toString()).contains("no build is known yet");
        save();
        assertThat(run()).isZero();
        assertThat(out.toString()).contains("glibc    x86_64-linux  1       30m ");
    }

    @Test
    void forgetsAPackageOfTheRunningDispatcher() throws Exception {
        try (var _ = serve()) {
            assertThat(run("forget", "glibc")).isZero();
            assertThat(run("forget", "glibc")).isZero();
        }
        assertThat(history.packages()).extracting(History.PackageLine::name).containsExactly(HELLO);
        assertThat(out.toString()).isEqualToNormalizingNewlines("forgot glibc\nnothing was known of glibc\n");
    }

    @Test
    void forgetsAPackageInTheDatabaseToo() throws Exception {
        save();
        assertThat(run("forget", "glibc", "--json")).isZero();
        assertThat(out.toString().strip()).isEqualTo("{\"forgotten\":true}");
        assertThat(run()).isZero();
        assertThat(out.toString()).contains("hello").doesNotContain("glibc");
    }

    @Test
    void printsJson() throws Exception {
        save();
        assertThat(run("--json", "glibc")).isZero();
        assertThat(Json.print(Json.parse(out.toString()))).isEqualTo("""
                {"allPackages":1,"machines":[{"configuredSpeed":2.000,"measurements":0,"name":"a","speed":2.000}],\
                "packages":[{"builds":1,"highSeconds":3600.000,"lastSeen":"2026-01-01T00:00:00Z","medianSeconds":1800.000,\
                "name":"glibc","outputBytes":41943040,"peakMemory":3221225472,"remainingSeconds":1800.000,"samples":1,\
                "system":"x86_64-linux"}]}""");
    }

    @Test
    void aNameThatNoPackageHasIsRefused() {
        assertThat(run("he llo")).isEqualTo(2);
        assertThat(run("forget")).isEqualTo(2);
        assertThat(run("forget", "a/b")).isEqualTo(2);
    }

    private int run(String... arguments) {
        var all = new ArrayList<>(List.of("--config", config.toString()));
        all.addAll(List.of(arguments));
        return new CommandLine(new HistoryCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(new StringWriter()))
                .execute(all.toArray(String[]::new));
    }
}
