package dispatcher.cli.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.cli.terminal.UserFacingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NixConfFileTest {
    @TempDir
    private Path directory;

    private Path file;
    private Path backup;

    @BeforeEach
    void name() {
        file = directory.resolve("nix.conf");
        backup = directory.resolve("nix.conf.before-dispatcher");
    }

    @Test
    void ourLinesComeLastAndTheOthersStay() throws Exception {
        Files.writeString(file, "sandbox = true");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(new NixConfFile(file).write(List.of("builders = x"))).contains(backup);

        assertThat(Files.readAllLines(file)).startsWith("sandbox = true").contains("builders = x");
        assertThat(backup).hasContent("sandbox = true");
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
    }

    @Test
    void writingTheSameAgainChangesNothing() throws Exception {
        Files.writeString(file, "sandbox = true\n");
        new NixConfFile(file).write(List.of("builders = x"));
        var once = Files.readString(file);

        assertThat(new NixConfFile(file).write(List.of("builders = x"))).isEmpty();
        assertThat(file).hasContent(once);
    }

    @Test
    void otherLinesReplaceOursAndTheFirstCopyStays() throws Exception {
        Files.writeString(file, "sandbox = true\n");
        new NixConfFile(file).write(List.of("builders = x"));
        Files.writeString(file, Files.readString(file) + "cores = 2\n");

        new NixConfFile(file).write(List.of("builders = y"));

        assertThat(Files.readString(file)).contains("builders = y", "cores = 2").doesNotContain("builders = x");
        assertThat(backup).hasContent("sandbox = true\n");
    }

    @Test
    void aFileThatNixosMakesIsNotTouched() throws Exception {
        var made = Files.writeString(directory.resolve("made"), "x");
        Files.createSymbolicLink(file, made);

        assertThatThrownBy(() -> new NixConfFile(file).write(List.of("builders = x")))
                .isInstanceOfSatisfying(
                        UserFacingException.class, e -> assertThat(e.next()).contains("nix.settings"));
        assertThat(made).hasContent("x");
    }
}
