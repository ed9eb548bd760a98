package dispatcher.machine.demand;

import dispatcher.machine.Boot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/// What the latest starts of a machine took, or of machines that are alike. Safe for any thread.
final class BootTimes {
    /// Starts that count.
    static final int KEPT = 5;

    /// The oldest first.
    private final AtomicReference<List<Duration>> latest = new AtomicReference<>(List.of());

    void add(Duration took) {
        latest.updateAndGet(before -> {
            var now = new ArrayList<>(before);
            now.add(took);
            return List.copyOf(now.subList(Math.max(0, now.size() - KEPT), now.size()));
        });
    }

    /// What the next one should take: the median, or what is assumed of a machine that was never started.
    ///
    /// @param limit it is given up after this time
    Duration expected(Duration limit) {
        var sorted = latest.get().stream().sorted().toList();
        var expected = sorted.isEmpty() ? Boot.ASSUMED : sorted.get(sorted.size() / 2);
        return expected.compareTo(limit) < 0 ? expected : limit;
    }
}
