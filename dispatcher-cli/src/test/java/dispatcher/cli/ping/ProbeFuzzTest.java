package dispatcher.cli.ping;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.testkit.Bounds;
import java.nio.charset.StandardCharsets;
import java.util.TreeSet;

/// Whatever a machine answers to the probe, something or nothing is learnt from it.
///
/// A normal run only replays the inputs under `src/test/resources/dispatcher/cli/ping/ProbeFuzzTestInputs`.
/// `scripts/fuzz` looks for new ones.
class ProbeFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void answer(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryAnswer(bytes));
    }

    private static void tryAnswer(byte[] bytes) {
        var offered = Probe.parse(new String(bytes, StandardCharsets.UTF_8));

        assertThat(offered.cores().orElse(0)).isNotNegative();
        assertThat(offered.freeBytes().orElse(0)).isNotNegative();
        assertThat(offered.systems().orElseGet(TreeSet::new)).doesNotContain("");
    }
}
