package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// A recorded stream of real Nix, of a build through the dispatcher that fails; recorded as `InternalJsonIT` does.
class NomStreamTest {
    @Test
    void nixOutputMonitorTakesAllOfItAndSeesTheMachine() throws IOException {
        NomRules.Stream stream;
        try (InputStream recorded = NomStreamTest.class.getResourceAsStream("internal-json.recorded")) {
            stream = NomRules.read(new String(Objects.requireNonNull(recorded).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList());
        }
        assertThat(stream.activities())
                .filteredOn(activity -> activity.type() == 105)
                .last()
                .satisfies(build -> assertThat(build.fields().get(1)).isEqualTo("builder-1"));
        assertThat(stream.activities())
                .filteredOn(activity -> activity.type() == 100)
                .anySatisfy(copy -> assertThat(copy.fields().getLast()).isEqualTo("builder-1"));
        assertThat(stream.results())
                .filteredOn(result -> result.activity().fields().contains("builder-1"))
                .extracting(NomRules.Result::type)
                .contains(104, 105);
    }
}
