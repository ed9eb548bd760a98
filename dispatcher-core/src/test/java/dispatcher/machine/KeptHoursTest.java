package dispatcher.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeptHoursTest {
    private static boolean covers(String hours, String time) {
        var moment = LocalDate.of(2026, 3, 2).atTime(LocalTime.parse(time)).toInstant(ZoneOffset.UTC);
        return KeptHours.parse(hours).cover(moment, ZoneOffset.UTC);
    }

    @ParameterizedTest
    @CsvSource({
        "18:30, 00:00, true",
        "18:30, 18:29, true",
        "18:30, 18:30, false",
        "18:30, 23:59, false",
        "08:00-18:30, 07:59, false",
        "08:00-18:30, 08:00, true",
        "08:00-18:30, 18:30, false",
        "22:00-06:00, 23:00, true",
        "22:00-06:00, 05:59, true",
        "22:00-06:00, 06:00, false",
        "22:00-06:00, 21:59, false"
    })
    void theFirstMinuteIsInThemAndTheLastIsNot(String hours, String time, boolean covered) {
        assertThat(covers(hours, time)).isEqualTo(covered);
    }

    @Test
    void theyAreThoseOfTheZone() {
        var noon = LocalDate.of(2026, 3, 2).atTime(12, 0).toInstant(ZoneOffset.UTC);
        assertThat(KeptHours.parse("20:00-22:00").cover(noon, ZoneId.of("Asia/Tokyo")))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"8:00", "24:00", "18:60", "18", "08:00-", "-18:00", "08:00-18:00-19:00", "evening"})
    void whatIsNoTimeIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KeptHours.parse(text))
                .withMessage("'%s' is no time of day; write 18:30, or 08:00-18:30 for some hours", text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"00:00", "09:00-09:00"})
    void hoursThatEndWhenTheyBeginAreRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KeptHours.parse(text))
                .withMessageEndingWith("ends when it begins");
    }
}
