package dispatcher.cli.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class GraphCommandTest {
    @TempDir
    private Path directory;

    private final ManualClock clock = new ManualClock();
    private final BuildGraph graph = new BuildGraph(Optional::of, clock);
    private final StringWriter out = new StringWriter();
    private Path config;

    @BeforeEach
    void configure() throws IOException {
        config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines: [{hostName: a, system: x86_64-linux}]
                """);
    }

    private void ask(long build, String name, String... inputs) {
        var needed = Arrays.stream(inputs).map(FakeStore::path).toList();
        var derivation = new BasicDerivation(
                new TreeMap<>(Map.of("out", new DerivationOutput.InputAddressed(FakeStore.path(name)))),
                Set.copyOf(needed),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>());
        graph.buildRequested(build, 1, drv(name), derivation);
    }

    private static StorePath drv(String name) {
        return FakeStore.path(name + ".drv");
    }

    private ApiServer serve() throws IOException {
        var settings = SettingsFile.load(config, Surroundings.ofProcess());
        return ApiServer.open(settings.controlSocket(), List.of(new GraphEndpoint(graph, clock).endpoint()));
    }

    private int run(String... args) {
        out.getBuffer().setLength(0);
        var all = new ArrayList<>(List.of("--config", config.toString()));
        all.addAll(Arrays.asList(args));
        return new CommandLine(new GraphCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(out, true))
                .execute(all.toArray(String[]::new));
    }

    @Test
    void showsWhatEachBuildNeeds() throws Exception {
        graph.clientConnected(1, "ci@10.0.0.1");
        ask(1, "zlib");
        ask(2, "hello", "zlib");
        graph.buildAssigned(1, drv("zlib"), "a", "it is idle", Duration.ZERO);
        graph.buildEnded(1, drv("zlib"), "a", BuildStatus.BUILT, "", Duration.ofSeconds(1));
        try (var _ = serve()) {
            assertThat(run()).isZero();
            assertThat(out.toString()).isEqualToNormalizingNewlines("""
                    BUILD  NAME   STATE    MACHINE  CLIENT  NEEDS
                    1      zlib   built    a        ci      -
                    2      hello  waiting  -        ci      zlib
                    """);
            assertThat(run("--rows", "1")).isZero();
            assertThat(out.toString())
                    .doesNotContain("1      zlib")
                    .endsWith("… there were more builds before these; --rows shows more of them"
                            + System.lineSeparator());
            assertThat(run("--client", "somebody else")).isZero();
            assertThat(out.toString()).startsWith("no build was asked for since ");
            assertThat(run("--json")).isZero();
            assertThat(Json.parse(out.toString()).path("nodes")).hasSize(2);
        }
    }

    @Test
    void saysWhatIsWrongWithItsOptions() {
        assertThat(run("--hours", "25")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(out.toString()).contains("--hours 25 is not from 1 to 24");
        assertThat(run("--rows", "0")).isEqualTo(CommandLine.ExitCode.USAGE);
    }
}
