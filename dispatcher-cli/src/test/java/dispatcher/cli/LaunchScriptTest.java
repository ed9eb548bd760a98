package dispatcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// With `echo` in the place of `java`.
class LaunchScriptTest {
    private static final String FIRST_COMPILER_ONLY = "-XX:TieredStopAtLevel=1";
    private static final String LARGE_PAGES = "-XX:+UseTransparentHugePages";

    @ParameterizedTest
    @ValueSource(strings = {"serve", "--debug serve", "serve --config f", "ping a", "simulate t"})
    void whatRunsForLongHasAllOfTheCompiler(String line) throws Exception {
        assertThat(launched(line))
                .contains("-XX:AOTCache=caches/serve.aot")
                .doesNotContain(FIRST_COMPILER_ONLY)
                .endsWith("dispatcher.cli.Main " + line);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--help", "version", "--debug machines", "explain serve"})
    void whatOnlyAsksStartsWithLess(String line) throws Exception {
        assertThat(launched(line))
                .contains("-XX:AOTCache=caches/command.aot", FIRST_COMPILER_ONLY)
                .endsWith(("dispatcher.cli.Main " + line).strip());
    }

    @Test
    void onlyServeIsCompiledForCopying() throws Exception {
        assertThat(launched("serve")).contains("-XX:FreqInlineSize=");
        assertThat(launched("simulate t")).doesNotContain("-XX:FreqInlineSize=");
    }

    @Test
    void shortCommandsHaveLargePagesWhereTheKernelHas() throws Exception {
        var kernel = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
        boolean has = Files.exists(kernel) && !Files.readString(kernel).contains("[never]");
        assertThat(launched("version").contains(LARGE_PAGES)).isEqualTo(has);
        assertThat(launched("serve")).doesNotContain(LARGE_PAGES);
    }

    private static String launched(String line) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(
                "sh", "-eu", "-c", ". src/main/dist/lib/launch.sh; launch echo lib caches \"$@\"", "dispatcher"));
        if (!line.isEmpty()) command.addAll(List.of(line.split(" ")));
        var process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return output.strip();
    }
}
