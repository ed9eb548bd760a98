package dispatcher.machine.probe;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.testkit.Bounds;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;

/// Whatever a machine answers to the probe, something or nothing is learnt from it.
///
/// A normal run only replays the inputs under `src/test/resources/dispatcher/machine/probe/ProbeFuzzTestInputs`.
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
        assertThat(offered.diskBytes().orElse(0)).isNotNegative();
        assertThat(offered.memory().orElse(0)).isNotNegative();
        for (var names : List.of(offered.systems(), offered.features(), offered.experimental())) {
            assertThat(names.orElseGet(TreeSet::new))
                    .hasSizeLessThanOrEqualTo(100)
                    .allMatch(name -> name.matches("[!-~]{1,100}"));
        }
        assertThat(offered.systems().orElseGet(TreeSet::new)).doesNotContain("");
    }
}
