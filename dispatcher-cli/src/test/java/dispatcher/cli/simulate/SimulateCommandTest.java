package dispatcher.cli.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SimulateCommandTest {
    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Exception thrown = new IOException("nothing was thrown");

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        return new CommandLine(new SimulateCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, _, _) -> {
                    thrown = e;
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .execute(arguments);
    }

    @Test
    void showsATableOfAllPolicies() {
        assertThat(run("--generate", "uniform", "--builds", "40", "--machines", "2x4"))
                .isZero();
        var lines = out.toString().lines().toList();
        assertThat(lines.getFirst()).startsWith("uniform, seed 1: 40 builds, 2 machines; no policy can take less than");
        assertThat(lines.get(1)).matches("POLICY +MAKESPAN +TO BOUND +MEAN WAIT +P95 WAIT +SENT +USED +FAIRNESS.*");
        assertThat(lines.stream().skip(2).map(line -> line.split(" ", 2)[0]))
                .containsExactly("nix", "hydra", "hydra-rs", "ours");
    }

    @Test
    void aTraceThatWasWrittenGivesTheSameFiguresAndTheSameBytes() throws IOException {
        var trace = directory.resolve("trace.jsonl").toString();
        assertThat(run(
                        "--generate",
                        "dying-machines",
                        "--builds",
                        "60",
                        "--seed",
                        "5",
                        "--json",
                        "--write-trace",
                        trace))
                .isZero();
        var generated = out.toString();
        assertThat(run("--json", "--seed", "5", trace)).isZero();
        assertThat(out.toString().replace("trace.jsonl", "dying-machines, seed 5"))
                .isEqualTo(generated);
        assertThat(Json.parse(generated).isArray()).isTrue();
    }

    @Test
    void drawsTheSamePictureEachTime() throws IOException {
        for (var name : new String[] {"a.svg", "b.svg"})
            assertThat(run(
                            "--generate",
                            "two-tenants",
                            "--builds",
                            "50",
                            "--policy",
                            "nix,ours",
                            "--svg",
                            directory.resolve(name).toString()))
                    .isZero();
        assertThat(directory.resolve("a.svg")).hasSameBinaryContentAs(directory.resolve("b.svg"));
        assertThat(Files.readString(directory.resolve("a.svg"))).contains(">developer</text>", "ours: ");
    }

    @Test
    void aFaultInATraceIsToldWithItsLine() throws IOException {
        var trace = Files.writeString(directory.resolve("t"), """
                {"trace":"dispatcher","version":1}
                {"machine":"m","systems":["x86_64-linux"],"jobs":3}
                """);
        assertThat(run(trace.toString())).isEqualTo(1);
        assertThat(thrown).isInstanceOfSatisfying(UserFacingException.class, e -> {
            assertThat(e.why()).isEqualTo(trace + ":2: unknown member 'jobs'");
            assertThat(e.next()).contains("docs/SIMULATOR.md");
        });
        assertThat(run(directory.resolve("nowhere").toString())).isEqualTo(1);
        assertThat(thrown).hasMessageContaining("there is no such file");
    }

    @Test
    void readsThePackagesOfADebianArchive() throws IOException {
        var file = Files.writeString(
                directory.resolve("Packages"), "Package: a\nInstalled-Size: 10\nDepends: b\n\nPackage: b\n");
        assertThat(run("--generate", "debian:" + file, "--policy", "ours")).isZero();
        assertThat(out.toString()).contains("2 builds, 8 machines");
        Files.writeString(file, "Package: a\nnonsense\n");
        assertThat(run("--generate", "debian:" + file)).isEqualTo(1);
        assertThat(thrown).hasMessageContaining(file + ":2: the line is no field");
    }

    @Test
    void wrongUsageIsToldAsSuch() {
        assertThat(run()).isEqualTo(2);
        assertThat(run("--generate", "uniform", "--policy", "hidra")).isEqualTo(2);
        assertThat(err.toString()).contains("nothing to simulate", "did you mean 'hydra'?");
        assertThat(run("--generate", "uniform", "--machines", "4")).isEqualTo(2);
        assertThat(run("--generate", "uniform", "--builds", "0")).isEqualTo(2);
        assertThat(run("--generate", "uniform", "--generate", "graph", "--svg", "x.svg"))
                .isEqualTo(2);
        assertThat(run("--generate", "unifrom")).isEqualTo(1);
        assertThat(thrown).hasMessageContaining("did you mean 'uniform'?");
    }
}
