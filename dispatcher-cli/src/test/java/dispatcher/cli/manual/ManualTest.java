package dispatcher.cli.manual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Man pages and completion of a small program, judged by the programs that read them.
class ManualTest {
    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();

    @Command(
            name = "machine",
            description = "Machines that are there – or aren't.",
            subcommands = Add.class,
            mixinStandardHelpOptions = true)
    static class Machine {}

    @Command(
            name = "add",
            description = {"Add 'one' of `them`. Then more.", ".This begins with a dot, and has a \\ in it."},
            exitCodeListHeading = "Exit status:%n",
            exitCodeList = {"0:added.", "4:cannot be placed."},
            mixinStandardHelpOptions = true)
    static class Add implements Callable<Integer> {
        @Option(
                names = {"-c", "--config"},
                paramLabel = "FILE",
                description = "The settings, 100%% of them.")
        Path config = Path.of("x");

        @Option(names = "--max-jobs", paramLabel = "N", description = "Builds at once.")
        int jobs;

        @Parameters(paramLabel = "HOST", arity = "0..*", description = "Hosts.")
        List<String> hosts = List.of();

        @Override
        public Integer call() {
            return 0;
        }
    }

    @Command(name = "dispatcher", description = "One builder.", mixinStandardHelpOptions = true)
    static class Program {}

    private static CommandLine program() {
        return new CommandLine(new Program()).addSubcommand(new Machine());
    }

    @Test
    void aManPageHasAllThatTheCommandSays() {
        assertThat(man("machine", "add")).isZero();

        assertThat(out.toString())
                .startsWith(".TH \"DISPATCHER\\-MACHINE\\-ADD\" 1")
                .contains("dispatcher\\-machine\\-add \\- Add \\(aqone\\(aq of \\(gathem\\(ga")
                .contains("\\fB\\-c\\fR, \\fB\\-\\-config\\fR \\fIFILE\\fR", "100% of them.")
                .contains("\\&.This begins with a dot, and has a \\e in it.")
                .contains("[\\fIHOST\\fR]...", "cannot be placed.", "\\fBdispatcher\\-machine\\fR(1)");
    }

    @Test
    void groffHasNothingToSayAgainstAnyPage() throws Exception {
        assertThat(man("--dir", directory.toString())).isZero();

        assertThat(directory.toFile().list())
                .containsExactlyInAnyOrder("dispatcher.1", "dispatcher-machine.1", "dispatcher-machine-add.1");
        assumeThat(Path.of("/usr/bin/groff"))
                .as("groff, which checks man pages")
                .exists();
        for (var page : List.of("dispatcher.1", "dispatcher-machine.1", "dispatcher-machine-add.1"))
            assertThat(ran(
                            "groff",
                            "-man",
                            "-ww",
                            "-Tutf8",
                            "-z",
                            directory.resolve(page).toString()))
                    .as(page)
                    .isEmpty();
    }

    @Test
    void anUnknownCommandHasNoPage() {
        assertThat(man("machine", "substract")).isEqualTo(2);
        assertThat(man("machine", "--dir", "/x")).isEqualTo(2);
    }

    @Test
    void bashCompletesCommandsAndOptions() throws Exception {
        assertThat(completion("bash")).isZero();
        var script = Files.writeString(directory.resolve("dispatcher.bash"), out.toString());

        assertThat(completed(script, "dispatcher", "ma")).contains("machine");
        assertThat(completed(script, "dispatcher", "machine", "a")).contains("add");
        assertThat(completed(script, "dispatcher", "machine", "add", "--m")).contains("--max-jobs");
    }

    @Test
    void zshReadsTheSameScript() throws Exception {
        assumeThat(Path.of("/usr/bin/zsh")).as("zsh, which reads its script").exists();
        assertThat(completion("zsh")).isZero();
        var script = Files.writeString(directory.resolve("dispatcher.zsh"), out.toString());

        assertThat(ran("zsh", "-fc", "autoload -U compinit && compinit -u; source %s && echo read".formatted(script)))
                .endsWith("read\n");
    }

    @Test
    void fishHasALineForEachCommandAndOption() throws Exception {
        assertThat(completion("fish")).isZero();
        assertThat(out.toString())
                .contains("complete -c dispatcher -n '__fish_use_subcommand' -a machine")
                .contains("-d 'Machines that are there – or aren\\'t'")
                .contains("-n '__fish_seen_subcommand_from machine; and not __fish_seen_subcommand_from add' -a add")
                .contains("__fish_seen_subcommand_from add' -s c -l config -r -F -d 'The settings, 100% of them'")
                .contains("-l max-jobs -x -d 'Builds at once'");

        assumeThat(Path.of("/usr/bin/fish")).as("fish, which reads its script").exists();
        var script = Files.writeString(directory.resolve("dispatcher.fish"), out.toString());
        assertThat(ran("fish", "-Nc", "source %s; complete -C 'dispatcher machine add --ma'".formatted(script)))
                .contains("--max-jobs");
    }

    @Test
    void anUnknownShellIsWrongUsage() {
        assertThat(completion("csh")).isEqualTo(2);
    }

    private int man(String... words) {
        return new CommandLine(new ManCommand(ManualTest::program, "1.0"))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(new StringWriter()))
                .execute(words);
    }

    private int completion(String shell) {
        return new CommandLine(new CompletionCommand(ManualTest::program))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(new StringWriter()))
                .execute(shell);
    }

    /// What bash would offer for the last word.
    private static List<String> completed(Path script, String... words) throws Exception {
        var line = String.join(" ", words);
        var program = """
                source '%s'
                COMP_WORDS=(%s); COMP_CWORD=%d; COMP_LINE='%s'; COMP_POINT=%d
                _complete_dispatcher
                printf '%%s\\n' "${COMPREPLY[@]}"
                """.formatted(script, line, words.length - 1, line, line.length());
        return ran("bash", "--norc", "-c", program).lines().map(String::strip).toList();
    }

    private static String ran(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return text;
    }
}
