package dispatcher.cli.settings.document;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.settings.file.SettingsTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReferenceTest {
    @Test
    void isTheDocumentInTheRepository() throws IOException {
        assertThat(document("docs/SETTINGS.md"))
                .as("after a change of the table run `./dispatcher config reference > docs/SETTINGS.md`")
                .isEqualTo(Reference.text());
    }

    @Test
    void hasALineForEachKeyThatPeopleAreToSee() {
        var lines =
                Reference.text().lines().filter(line -> line.startsWith("| `")).toList();

        assertThat(lines).hasSameSizeAs(SettingsTable.keys());
        assertThat(lines)
                .contains("| `maxAttempts` | whole number from 1 to 1000 | 3 | for builds and decisions from then on | "
                        + "How often a build may begin and be lost, with its machine or the way to it, before it is given"
                        + " up: it may be what takes machines down. Losses with a machine that has also broken without the"
                        + " build in the last hour do not count, but three times as many in all are too many. |");
    }

    static String document(String name) throws IOException {
        for (var folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            var file = folder.resolve(name);
            if (Files.exists(file)) return Files.readString(file);
        }
        throw new IOException(name + " is in no folder above");
    }
}
