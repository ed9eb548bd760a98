package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `./demo`, to its end and interrupted.
@NeedsNamespaces
@Timeout(300)
class DemoIT {

    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final int INTERRUPTED = 130;
    private static final Pattern STATE = Pattern.compile("/tmp/dispatcher-demo\\.\\w+");

    @TempDir
    private Path folder;

    @Test
    void showsWhatWasBuiltWhereAndLeavesNothing() throws Exception {
        try (Background demo = demo("--machines", "2", "--slow", "0")) {
            Result result = demo.await(LIMIT);

            assertThat(result.exit()).as("%s", result).isZero();
            assertThat(result.out())
                    .contains("What was built where")
                    .containsPattern("(?m)^ +machine +builds +busy +derivations$")
                    .containsPattern("(?m)^ +builder-\\d +\\d+ +[\\d.]+s  \\S")
                    .containsPattern("(?m)^ +all +\\d+ +[\\d.]+s  done in [\\d.]+ s$")
                    .containsPattern("(?m)^ +result: /nix/store/");
            assertNothingIsLeft(stateFolder(result.out()));
        }
    }

    @Test
    void interruptedInMidBuildLeavesNothing() throws Exception {
        try (Background demo = demo("--machines", "2", "--slow", "60")) {
            Await.until(LIMIT, () -> "a build on a machine", () -> {
                if (!demo.alive()) {
                    throw new AssertionError(demo.await(SOON).toString());
                }
                return demo.outputSoFar().contains(" -> ");
            });
            assertThat(traces(stateFolder(demo.outputSoFar()))).isNotEmpty();

            demo.interruptGroup();

            Result result = demo.await(LIMIT);
            assertThat(result.exit()).as("%s", result).isEqualTo(INTERRUPTED);
            assertNothingIsLeft(stateFolder(result.out()));
        }
    }

    /// In a process group of its own, as a shell would start it, so that Ctrl-C can be played.
    private Background demo(Object... options) throws IOException {
        return Background.start(
                Command.of(
                                "env",
                                "--default-signal=INT",
                                "setsid",
                                Checkout.root().resolve("demo"))
                        .with(options),
                folder);
    }

    private static Path stateFolder(String output) {
        Matcher matcher = STATE.matcher(output);
        assertThat(matcher.find()).as(output).isTrue();
        return Path.of(matcher.group());
    }

    private static void assertNothingIsLeft(Path state) throws Exception {
        assertThat(state).doesNotExist();
        Await.until(SOON, () -> "the end of " + look(state), () -> traces(state).isEmpty());
        assertThat(Checkout.root().resolve(".demo")).doesNotExist();
    }

    private static List<String> look(Path state) {
        try {
            return traces(state);
        } catch (IOException e) {
            return List.of(e.toString());
        }
    }

    /// Processes that were started with that folder in an argument, work in it, or see a mount out of it.
    private static List<String> traces(Path state) throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("\\d+"))
                    .filter(process -> mentions(process.resolve("cmdline"), state)
                            || mentions(process.resolve("mountinfo"), state)
                            || worksIn(process, state))
                    .map(process ->
                            process + " " + read(process.resolve("cmdline")).replace('\0', ' '))
                    .toList();
        }
    }

    private static boolean mentions(Path file, Path state) {
        return read(file).contains(state.toString());
    }

    private static boolean worksIn(Path process, Path state) {
        try {
            return Files.readSymbolicLink(process.resolve("cwd")).startsWith(state);
        } catch (IOException e) {
            return false; // it has ended
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return ""; // it has ended, or has arguments that are no text
        }
    }
}
