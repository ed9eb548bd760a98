package dispatcher.machine.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/// Whatever a machine prints, it is a sample or none.
///
/// A normal run only replays the inputs under
/// `src/test/resources/dispatcher/machine/load/SampleFuzzTestInputs`. To look for new ones: `JAZZER_FUZZ=1
/// mvn -pl dispatcher-core test -Dtest=SampleFuzzTest#answers`
class SampleFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void answers(byte[] bytes) {
        SampleParser.parse(new String(bytes, StandardCharsets.ISO_8859_1), Instant.EPOCH)
                .ifPresent(sample -> {
                    assertThat(sample.pressure().store().fraction()).isBetween(0.0, 1.0);
                    assertThat(sample.pressure().loadPerCore()).isNotNegative().isFinite();
                    assertThat(sample.builders()).allSatisfy(builder -> {
                        assertThat(builder.resident()).isPositive();
                        assertThat(builder.most()).isNotNegative();
                    });
                });
    }
}
