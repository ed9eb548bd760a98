package dispatcher.history;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.ToDoubleFunction;

/// What is known of the builds of one package for one system. Immutable. At most about 400 bytes.
///
/// The last 15 durations are kept and their order statistics used: one outlier (a machine that swapped, a build
/// that a cache made short) moves the median by one place, and a package that really became slower is known to be
/// so after 8 builds. An average, even of logarithms, would move with each of them.
///
/// @param builds      ever seen
/// @param lastSeen    end of the newest, in whole seconds
/// @param outputBytes NAR size of all outputs of the newest build of which that is known; 0 if of none
/// @param seconds     on the machine that built it, the newest last
/// @param machines    names, one for each of `seconds`
/// @param peaks       bytes of memory of the last builds on machines that report it
/// @param behind      for each of the last builds: seconds, on machines of speed 1, that the longest chain of builds
///                    that waited for it took
public record PackageHistory(
        long builds,
        Instant lastSeen,
        long outputBytes,
        Window seconds,
        List<String> machines,
        Window peaks,
        Window behind) {
    static final int MOST_DURATIONS = 15;
    static final int MOST_PEAKS = 7;
    static final int MOST_BEHIND = 8;
    static final PackageHistory EMPTY =
            new PackageHistory(0, Instant.EPOCH, 0, Window.EMPTY, List.of(), Window.EMPTY, Window.EMPTY);

    /// One that was written down.
    ///
    /// @throws IllegalArgumentException if it cannot have been
    public static PackageHistory restored(
            long builds,
            long lastSeen,
            long outputBytes,
            Window seconds,
            List<String> machines,
            Window peaks,
            Window behind) {
        if (builds < 0 || lastSeen < 0 || outputBytes < 0)
            throw new IllegalArgumentException(
                    "%d builds, the last at %d, of %d bytes".formatted(builds, lastSeen, outputBytes));
        if (machines.size() != seconds.size())
            throw new IllegalArgumentException(
                    "%d durations of %d machines".formatted(seconds.size(), machines.size()));
        try {
            return new PackageHistory(
                    builds,
                    Instant.ofEpochSecond(lastSeen),
                    outputBytes,
                    seconds.requireWithin(MOST_DURATIONS, 0),
                    List.copyOf(machines),
                    peaks.requireWithin(MOST_PEAKS, 0),
                    behind.requireWithin(MOST_BEHIND, 0));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("last built at " + lastSeen, e);
        }
    }

    PackageHistory built(String machine, double took, Instant now) {
        var next = seconds.with(took, MOST_DURATIONS);
        var names = new ArrayList<>(machines.subList(machines.size() - (next.size() - 1), machines.size()));
        names.add(machine);
        return new PackageHistory(builds + 1, now, outputBytes, next, List.copyOf(names), peaks, behind);
    }

    PackageHistory withOutputBytes(long bytes) {
        return new PackageHistory(builds, lastSeen, bytes, seconds, machines, peaks, behind);
    }

    PackageHistory withPeak(long bytes) {
        return new PackageHistory(
                builds, lastSeen, outputBytes, seconds, machines, peaks.with((double) bytes, MOST_PEAKS), behind);
    }

    /// One more is requested; nothing waits for it yet.
    PackageHistory requested() {
        return new PackageHistory(builds, lastSeen, outputBytes, seconds, machines, peaks, behind.with(0, MOST_BEHIND));
    }

    /// Notes how much waits for the newest that was requested.
    PackageHistory withBehind(double length) {
        return new PackageHistory(builds, lastSeen, outputBytes, seconds, machines, peaks, behind.raised(length));
    }

    /// What its builds would have taken on a machine of speed 1.
    ///
    /// @param speeds by machine name
    double[] work(ToDoubleFunction<String> speeds) {
        var work = seconds.toArray();
        for (int i = 0; i < work.length; i++) work[i] *= speeds.applyAsDouble(machines.get(i));
        return work;
    }

    /// The same, of the builds on other machines than `machine`.
    double[] workElsewhere(String machine, ToDoubleFunction<String> speeds) {
        var work = work(speeds);
        int count = 0;
        for (int i = 0; i < work.length; i++) if (!machines.get(i).equals(machine)) work[count++] = work[i];
        return Arrays.copyOf(work, count);
    }

    OptionalLong peakMemory() {
        return peaks.size() == 0 ? OptionalLong.empty() : OptionalLong.of((long) peaks.max());
    }
}
