package dispatcher.cli.state;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.nix.NixSyntaxException;
import dispatcher.testkit.Bounds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Whatever the file of locations has become, it is read or refused. `scripts/fuzz` looks for new inputs.
class OldLocationsFileFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void locations(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryLocations(bytes));
    }

    private static void tryLocations(byte[] bytes) {
        try {
            var lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
            OldLocationsFile.parse(lines);
            assertThat(lines.getFirst()).isIn("dispatcher-locations 1", "dispatcher-locations 2");
        } catch (IOException | NixSyntaxException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }
}
