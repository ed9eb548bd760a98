package dispatcher.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SizesTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1 KiB",
        "5242880, 5 MiB",
        "1610612736, 1.5 GiB",
        "214748364800, 200 GiB",
        "10737418239, 10 GiB",
        "9223372036854775807, 8 EiB"
    })
    void haveAUnitThatFits(long bytes, String text) {
        assertThat(Sizes.show(bytes)).isEqualTo(text);
    }
}
