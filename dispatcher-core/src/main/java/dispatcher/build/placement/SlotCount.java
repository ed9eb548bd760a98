package dispatcher.build.placement;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// What builds have taken of each machine. Counted beside the scheduler, by those who hold slots, so that an account
/// can be given without its lock. Safe for any thread.
public final class SlotCount {
    private final Map<String, Taken> machines = new ConcurrentHashMap<>();

    /// @param builds    that hold a slot
    /// @param resources by name
    record Taken(int builds, SortedMap<String, Long> resources) {
        static final Taken NOTHING = new Taken(0, Collections.emptySortedMap());

        Taken with(int more, SortedMap<String, Long> amounts) {
            if (amounts.isEmpty()) return new Taken(builds + more, resources);
            var sum = new TreeMap<>(resources);
            amounts.forEach((name, amount) -> sum.merge(name, more * amount, Long::sum));
            return new Taken(builds + more, sum);
        }
    }

    public void take(String machine, SortedMap<String, Long> resources) {
        machines.compute(machine, (_, known) -> (known == null ? Taken.NOTHING : known).with(1, resources));
    }

    public void giveBack(String machine, SortedMap<String, Long> resources) {
        machines.computeIfPresent(machine, (_, known) -> known.builds <= 1 ? null : known.with(-1, resources));
    }

    Taken of(String machine) {
        return machines.getOrDefault(machine, Taken.NOTHING);
    }
}
