package dispatcher.machine;

import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Equal machines on demand, of which as many are on as builds need: how many that may be, as the settings say it.
///
/// @param usual     how many are on outside of all windows
/// @param warm      0 or more; of those that are on, how many should be idle, ready for builds to come
/// @param maxBuilds above zero; after so many builds a machine is stopped, and the next one is a fresh one
/// @param windows   times with other numbers; the first that covers a moment counts
public record Pool(String name, Range usual, int warm, OptionalInt maxBuilds, List<Window> windows) {
    /// How many are on.
    ///
    /// @param min always, used or not
    /// @param max at most
    public record Range(int min, int max) {
        public Range {
            if (min < 0 || max < min) throw new IllegalArgumentException("from %d to %d machines".formatted(min, max));
        }
    }

    /// A time of some days.
    ///
    /// @param days on which it begins; not empty
    /// @param to   not covered itself; on the next day if it is not after `from`
    public record Window(Set<DayOfWeek> days, LocalTime from, LocalTime to, Range range) {
        public Window {
            days = Set.copyOf(EnumSet.copyOf(days));
        }

        boolean covers(LocalDateTime moment) {
            var time = moment.toLocalTime();
            var day = moment.getDayOfWeek();
            if (from.isBefore(to)) return days.contains(day) && !time.isBefore(from) && time.isBefore(to);
            return (days.contains(day) && !time.isBefore(from)) || (days.contains(day.minus(1)) && time.isBefore(to));
        }
    }

    public Pool {
        if (warm < 0) throw new IllegalArgumentException("%d warm machines".formatted(warm));
        if (maxBuilds.isPresent() && maxBuilds.getAsInt() < 1)
            throw new IllegalArgumentException("machines for %d builds".formatted(maxBuilds.getAsInt()));
        windows = List.copyOf(windows);
    }

    /// How many are on at a moment.
    public Range at(LocalDateTime moment) {
        return windows.stream()
                .filter(window -> window.covers(moment))
                .findFirst()
                .map(Window::range)
                .orElse(usual);
    }

    /// How many there are, on or off.
    public int size() {
        return windows.stream().mapToInt(window -> window.range().max()).reduce(usual.max(), Math::max);
    }

    /// One of its machines.
    ///
    /// @param index from 1 on
    public record Member(Pool pool, int index) {
        public Member {
            if (index < 1) throw new IllegalArgumentException("machine %d of a pool".formatted(index));
        }

        public String machine() {
            return nameOf(pool.name, index);
        }
    }

    /// The name of a machine of a pool.
    public static String nameOf(String pool, int index) {
        return "%s-%d".formatted(pool, index);
    }
}
