package dispatcher.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFilesTest {
    private static final int ROOT = 0;
    private static final int OTHER = 4321;

    @TempDir
    private Path directory;

    @BeforeEach
    void giveTheDirectoryAway() throws IOException {
        assumeTrue(user(directory).equals(ROOT), "only root can give files away");
        Files.setAttribute(directory, "unix:uid", OTHER);
    }

    private static Object user(Path file) throws IOException {
        return Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }

    @Test
    void aFileGoesToTheOwnerOfItsDirectory() throws IOException {
        var file = Files.createFile(directory.resolve("a"));
        StateFiles.giveToOwnerOfDirectory(file);
        assertThat(user(file)).isEqualTo(OTHER);
    }

    @Test
    void whatALinkLeadsToStaysWithItsOwner() throws IOException {
        var inner = Files.createDirectory(directory.resolve("inner"));
        var precious = Files.createFile(inner.resolve("precious"));
        var link = Files.createSymbolicLink(directory.resolve("link"), precious);
        StateFiles.giveToOwnerOfDirectory(link);
        assertThat(user(precious)).isEqualTo(ROOT);
        assertThat(user(link)).isEqualTo(OTHER);
    }
}
