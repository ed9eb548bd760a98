package dispatcher.cli.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalStreamTest {
    @TempDir
    private Path directory;

    private Path stream;

    @BeforeEach
    void make() throws IOException {
        stream = Files.createFile(directory.resolve("stream"));
    }

    private String name(Path file) throws IOException {
        var found = Files.readAttributes(file, "unix:dev,ino");
        return found.get("dev") + ":" + found.get("ino");
    }

    @Test
    void isTheOneThatSystemdHasNamed() throws IOException {
        assertThat(JournalStream.is(stream, Map.of("JOURNAL_STREAM", name(stream))))
                .isTrue();
    }

    @Test
    void isTheOneThatALinkLeadsTo() throws IOException {
        var link = Files.createSymbolicLink(directory.resolve("link"), stream);
        assertThat(JournalStream.is(link, Map.of("JOURNAL_STREAM", name(stream))))
                .isTrue();
    }

    @Test
    void isNoOtherOneThoughTheVariableWasInherited() throws IOException {
        var other = Files.createFile(directory.resolve("other"));
        assertThat(JournalStream.is(stream, Map.of("JOURNAL_STREAM", name(other))))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":", "1", "a:b", "9:1 "})
    void isNoneWhereTheVariableSaysNothing(String journal) {
        assertThat(JournalStream.is(stream, Map.of("JOURNAL_STREAM", journal))).isFalse();
        assertThat(JournalStream.is(stream, Map.of())).isFalse();
    }

    @Test
    void isNoneThatCannotBeLookedAt() throws IOException {
        assertThat(JournalStream.is(directory.resolve("gone"), Map.of("JOURNAL_STREAM", name(stream))))
                .isFalse();
    }
}
