package dispatcher.cli.settings.file;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.document.ExampleFile;
import dispatcher.machine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleSettingsTest {
    @TempDir
    private Path directory;

    @Test
    void areValid() throws IOException {
        var settings = read(example());

        assertThat(settings.machines()).extracting(Machine::name).containsExactly("arm-1", "x86");
        assertThat(settings.warnings()).isEmpty();
    }

    @Test
    void showTheDefaultsInTheirComments() throws IOException {
        var key = Pattern.compile(
                "(?m)^( *)# ((?:authorizedKeys|state|hostKey|path|hostStore|firstAfterWaiting|minFreeDisk|maxAttempts|connect|handshake"
                        + "|connections|connectionsPerAddress|connectionsPerKey|channelsPerConnection|loggingIn"
                        + "|loggingInPerAddress|loginTime"
                        + "|failedLogins|requestSize|requestsPerSecond|logSize|spoolShare|uploadPause"
                        + "|stragglers|stragglersAfter|silentConnection|nixReply|checkBeforeBuild|waitForMachine|drain|maxSessions|maxStarting|keepAlive|idle|maxAge|knownHosts): .*)$");
        var text = example();
        assertThat(key.matcher(text).results()).hasSize(37);

        assertThat(read(key.matcher(text).replaceAll("$1$2"))).isEqualTo(read(text));
    }

    /// Each default that is a fixed value, of keys that stand once in the file.
    @Test
    void showTheDefaultsOfTheTable() throws IOException {
        var text = example();
        var uncommented = text;
        for (var key : SettingsTable.keys()) {
            if (!(key.preset() instanceof Key.Preset.Value<?>)
                    || key.isLive()
                    || key.path().contains("[]")) continue;
            var line = "# %s: %s\n".formatted(key.name(), key.presetWords());
            assertThat(text).contains(line);
            uncommented = uncommented.replace(line, line.substring(2));
        }

        assertThat(read(uncommented)).isEqualTo(read(text));
    }

    @Test
    void areWhatTheTableYields() throws IOException {
        assertThat(example())
                .as("after a change of the table run `./dispatcher config example > config/dispatcher.example.yaml`")
                .isEqualTo(ExampleFile.text());
    }

    @Test
    void nameEveryKeyThatPeopleAreToSee() throws IOException {
        var keys = Pattern.compile("(?m)^(?: |#|-)*([A-Za-z]+):")
                .matcher(example())
                .results()
                .map(match -> match.group(1))
                .toList();

        assertThat(keys)
                .containsAll(SettingsTable.keys().stream().map(Key::name).toList());
    }

    @Test
    void showEveryKey() throws IOException {
        assertThat(example())
                .contains(
                        "machinesFile: /etc/nix/machines",
                        "machinesFile: |",
                        "publicHostKey: ",
                        "maxLoad: ",
                        "mandatoryFeatures: ");
    }

    private Settings read(String yaml) throws IOException {
        var file = directory.resolve("dispatcher.yaml");
        Files.writeString(file, yaml);
        var surroundings = new Surroundings(directory, Path.of("/home/me"), "me", "x86_64-linux", Map.of());
        return SettingsFile.load(file, surroundings);
    }

    private static String example() throws IOException {
        for (var folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            var file = folder.resolve("config/dispatcher.example.yaml");
            if (Files.exists(file)) return Files.readString(file);
        }
        throw new IOException("config/dispatcher.example.yaml is in no folder above");
    }
}
