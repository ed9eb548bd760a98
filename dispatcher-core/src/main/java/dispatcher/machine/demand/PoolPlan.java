package dispatcher.machine.demand;

import dispatcher.machine.Pool;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// What is to be done with the machines of a pool at one moment, beside what builds do by themselves: they start
/// machines, and idle ones stop. A pure function of what is known of the machines.
///
/// @param keep     indexes of those that stay on though they are idle
/// @param start    indexes of those that are started without a build
/// @param withheld by index, why a machine gets no builds, and is stopped when it has done what it has
record PoolPlan(Set<Integer> keep, Set<Integer> start, Map<Integer, String> withheld) {
    PoolPlan {
        keep = Set.copyOf(keep);
        start = Set.copyOf(start);
        withheld = Map.copyOf(withheld);
    }

    /// A machine of the pool.
    ///
    /// @param isOn     it runs, starts, or may do so
    /// @param isUsed   somebody uses it or waits for it
    /// @param isBroken it could not be started a short while ago
    record Member(int index, boolean isOn, boolean isUsed, boolean isBroken) {
        /// Those that it would cost most to do without.
        private static final Comparator<Member> USED_FIRST = Comparator.<Member, Boolean>comparing(it -> !it.isUsed)
                .thenComparing(it -> !it.isOn)
                .thenComparingInt(Member::index);
    }

    /// @param range how many are on now
    static PoolPlan of(Pool pool, Pool.Range range, List<Member> members) {
        var ranked = members.stream().sorted(Member.USED_FIRST).toList();
        var allowed = ranked.subList(0, Math.min(range.max(), ranked.size()));
        var withheld = new HashMap<Integer, String>();
        for (var member : ranked.subList(allowed.size(), ranked.size()))
            withheld.put(member.index, "the pool %s has at most %d machines now".formatted(pool.name(), range.max()));
        int used = (int) allowed.stream().filter(Member::isUsed).count();
        int wanted = Math.min(allowed.size(), Math.max(range.min(), pool.warm() == 0 ? 0 : used + pool.warm()));
        // Those that are on come first: of machines that are off only as many are started as are missing.
        var kept = allowed.subList(0, wanted);
        var keep = kept.stream().filter(Member::isOn).map(Member::index).collect(Collectors.toSet());
        var start = new LinkedHashSet<Integer>();
        boolean broken = members.stream().anyMatch(Member::isBroken);
        for (var member : kept) if (!member.isOn && !broken) start.add(member.index);
        return new PoolPlan(keep, start, withheld);
    }
}
