package dispatcher.cli.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `scripts/package test-oci` tries a release on a host that is not the one of the build.
class ProgramJarTest {
    @TempDir
    private Path directory;

    @Test
    void aReleaseIsWhereItsClassPathSays() throws IOException {
        var jar = Files.createFile(directory.resolve("dispatcher-cli.jar"));
        var link = Files.createSymbolicLink(directory.resolve("link"), directory);

        assertThat(ProgramJar.ofClassPath(link.resolve("dispatcher-cli.jar").toString()))
                .contains(jar.toRealPath());
    }

    @Test
    void otherClassPathsSayNothing() {
        assertThat(ProgramJar.ofClassPath("")).isEmpty();
        assertThat(ProgramJar.ofClassPath("/nowhere/dispatcher-cli.jar")).isEmpty();
        assertThat(ProgramJar.ofClassPath(directory.toString())).isEmpty();
        assertThat(ProgramJar.ofClassPath("/a/dispatcher-cli.jar:/b.jar")).isEmpty();
    }

    @Test
    void classesInADirectoryAreFoundThere() {
        assertThat(ProgramJar.find()).get().satisfies(place -> assertThat(place).exists());
    }
}
