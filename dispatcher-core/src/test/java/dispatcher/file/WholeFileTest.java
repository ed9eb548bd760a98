package dispatcher.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("state/file");
    }

    @Test
    void replacesWhatIsThere() throws IOException {
        WholeFile.write(file(), out -> out.write("old"));
        WholeFile.write(file(), out -> out.write("ü"));

        assertThat(file()).hasContent("ü");
        assertThat(directory.resolve("state").toFile().list()).containsExactly("file");
    }

    @Test
    void leavesTheFileAsItWasIfTheNewOneCannotBeWritten() throws IOException {
        WholeFile.write(file(), out -> out.write("old"));

        assertThatIOException()
                .isThrownBy(() -> WholeFile.write(file(), out -> {
                    out.write("half");
                    throw new IOException("full");
                }));

        assertThat(file()).hasContent("old");
    }

    @Test
    void writesThroughNoLink() throws IOException {
        var precious = Files.writeString(directory.resolve("precious"), "precious");
        WholeFile.write(file(), out -> out.write("old"));
        Files.createSymbolicLink(directory.resolve("state/file.new"), precious);

        WholeFile.write(file(), out -> out.write("new"));

        assertThat(file()).hasContent("new");
        assertThat(Files.isSymbolicLink(file())).isFalse();
        assertThat(precious).hasContent("precious");
    }
}
