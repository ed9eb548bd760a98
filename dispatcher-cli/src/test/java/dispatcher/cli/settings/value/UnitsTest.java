package dispatcher.cli.settings.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {

    @ParameterizedTest
    @CsvSource({
        "0B, 0",
        "17B, 17",
        "1KiB, 1024",
        "50GiB, 53687091200",
        "50 GiB, 53687091200",
        "1.5MiB, 1572864",
        "2kB, 2000",
        "2KB, 2000",
        "200MB, 200000000",
        "7EB, -1",
        "1PiB, 1125899906842624"
    })
    void sizesHaveUnits(String text, long bytes) {
        if (bytes < 0) assertThatIllegalArgumentException().isThrownBy(() -> ByteSize.parse(text));
        else assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "50", "GiB", "-1GiB", "50Gi", "50G", "5 0GiB", "1e3MB", "50gib", "5 MiB "})
    void otherTextsAreNoSizes(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ByteSize.parse(text))
                .withMessage("'%s' is no size; write a number with a unit, such as 50GiB or 800MB", text);
    }

    @Test
    void aSizeBeyondCountingIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ByteSize.parse("9999999PiB"))
                .withMessage("'9999999PiB' is more than can be counted");
    }

    @Test
    void sizesAreReadAsTheyAreWritten() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 1000; i++) {
            var size = new ByteSize((random.nextLong() >>> 1) >>> random.nextInt(63) << random.nextInt(20) >>> 1);
            assertThat(ByteSize.parse(size.toString())).as("seed %d", seed).isEqualTo(size);
        }
        assertThat(new ByteSize(50L << 30)).hasToString("50GiB");
    }

    @ParameterizedTest
    @CsvSource({"500ms, PT0.5S", "10s, PT10S", "5m, PT5M", "2h, PT2H", "1d, PT24H", "1h30m, PT1H30M", "0s, PT0S"})
    void durationsHaveUnits(String text, Duration duration) {
        assertThat(Durations.parse(text)).isEqualTo(duration);
        assertThat(Durations.format(duration)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "s", "-5s", "1.5h", "10 seconds", "5M"})
    void otherTextsAreNoDurations(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Durations.parse(text))
                .withMessage("'%s' is no duration; write a number with a unit, such as 10s, 5m or 500ms", text);
    }

    @Test
    void addressesToListenAt() {
        assertThat(HostAndPort.parse("127.0.0.1:2222")).isEqualTo(new HostAndPort("127.0.0.1", 2222));
        assertThat(HostAndPort.parse("[::1]:22"))
                .isEqualTo(new HostAndPort("::1", 22))
                .hasToString("[::1]:22");
        assertThat(HostAndPort.parse("localhost:0")).hasToString("localhost:0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "22", ":22", "::1:22", "a", "a:", "a:99999", "a:b", "[::1]", "a b:22"})
    void otherTextsAreNoAddresses(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> HostAndPort.parse(text));
    }
}
