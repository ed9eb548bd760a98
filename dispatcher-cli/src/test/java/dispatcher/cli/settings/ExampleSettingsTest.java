package dispatcher.cli.settings;

import static org.assertj.core.api.Assertions.assertThat;

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
                "(?m)^( *)# ((?:authorizedKeys|state|hostKey|path|hostStore|patience|minFreeDisk|maxAttempts|connect|handshake"
                        + "|connections|connectionsPerAddress|connectionsPerKey|channelsPerConnection|loggingIn"
                        + "|loggingInPerAddress|loginTime"
                        + "|failedLogins|requestSize|requestsPerSecond|logSize|spoolShare|uploadPause"
                        + "|stragglers|stragglersAfter|silence|reply|answer|unavailable|drain|maxSessions|maxStarting|keepAlive|idle|maxAge|knownHosts): .*)$");
        var text = example();
        assertThat(key.matcher(text).results()).hasSize(36);

        assertThat(read(key.matcher(text).replaceAll("$1$2"))).isEqualTo(read(text));
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
