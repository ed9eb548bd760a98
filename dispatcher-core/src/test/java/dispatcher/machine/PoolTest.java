package dispatcher.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dispatcher.machine.Pool.Range;
import dispatcher.machine.Pool.Window;
import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PoolTest {
    private static final Window DAY = window("08:00", "18:00", new Range(2, 8), DayOfWeek.MONDAY);
    private static final Window NIGHT = window("22:00", "06:00", new Range(0, 1), DayOfWeek.FRIDAY);

    private final Pool pool = new Pool("cloud", new Range(0, 4), 0, OptionalInt.empty(), List.of(DAY, NIGHT));

    private static Window window(String from, String to, Range range, DayOfWeek... days) {
        return new Window(Set.of(days), LocalTime.parse(from), LocalTime.parse(to), range);
    }

    /// 2026-01-05 is a Monday.
    private Range at(String day, String time) {
        return pool.at(LocalDateTime.parse("2026-01-%sT%s".formatted(day, time)));
    }

    @Test
    void aWindowCoversItsBeginAndNotItsEnd() {
        assertThat(at("05", "07:59")).isEqualTo(new Range(0, 4));
        assertThat(at("05", "08:00")).isEqualTo(new Range(2, 8));
        assertThat(at("05", "17:59")).isEqualTo(new Range(2, 8));
        assertThat(at("05", "18:00")).isEqualTo(new Range(0, 4));
        assertThat(at("06", "12:00")).isEqualTo(new Range(0, 4));
    }

    @Test
    void aWindowOverMidnightIsThatOfTheDayOnWhichItBegins() {
        assertThat(at("09", "21:59")).isEqualTo(new Range(0, 4));
        assertThat(at("09", "22:00")).isEqualTo(new Range(0, 1));
        assertThat(at("10", "05:59")).isEqualTo(new Range(0, 1));
        assertThat(at("10", "06:00")).isEqualTo(new Range(0, 4));
        assertThat(at("10", "22:00")).isEqualTo(new Range(0, 4));
        assertThat(at("09", "05:00")).isEqualTo(new Range(0, 4));
    }

    @Test
    void aWindowThatEndsWhenItBeginsIsAWholeDay() {
        var whole = new Pool(
                "cloud",
                new Range(0, 4),
                0,
                OptionalInt.empty(),
                List.of(window("00:00", "00:00", new Range(1, 1), DayOfWeek.MONDAY)));
        assertThat(whole.at(LocalDateTime.parse("2026-01-05T23:59"))).isEqualTo(new Range(1, 1));
        assertThat(whole.at(LocalDateTime.parse("2026-01-06T00:00"))).isEqualTo(new Range(0, 4));
    }

    @Test
    void hasAsManyMachinesAsItEverNeeds() {
        assertThat(pool.size()).isEqualTo(8);
        assertThat(new Pool.Member(pool, 8).machine()).isEqualTo("cloud-8");
    }

    @Test
    void numbersThatMakeNoSenseAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Range(3, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> new Range(-1, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Pool("cloud", new Range(0, 4), -1, OptionalInt.empty(), List.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Pool("cloud", new Range(0, 4), 0, OptionalInt.of(0), List.of()));
    }
}
