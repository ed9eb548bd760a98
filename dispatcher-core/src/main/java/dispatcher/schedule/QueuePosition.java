package dispatcher.schedule;

import dispatcher.schedule.index.RequirementQueue;
import dispatcher.schedule.index.Tier;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import dispatcher.schedule.policy.Turns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What a build that waits may expect.
///
/// @param build         which one
/// @param place         among those that wait for the same machines, from 1, by priority and age
/// @param of            how many wait for these machines
/// @param untilExpected until it should have a slot; a guess from what is ahead and how fast that goes; [#UNKNOWN] if
///     none of these machines takes builds now
/// @param isMeasured    whether that rests on anything that was seen; if not, no person is shown it
public record QueuePosition(WaitingBuild build, int place, int of, Duration untilExpected, boolean isMeasured) {
    /// Longer than anything that is shown.
    public static final Duration UNKNOWN = Duration.ofDays(1);

    private static final Comparator<WaitingBuild> ORDER = Comparator.<WaitingBuild>comparingInt(
                    build -> -build.request().client().priority())
            .thenComparing(Turns.OLDEST_FIRST);

    /// All, in the order of priority and age.
    static List<QueuePosition> of(Collection<RequirementQueue> queues, long now) {
        var all = new ArrayList<WaitingBuild>();
        var groups = new HashMap<Set<Tier>, Ahead>();
        var groupOf = new HashMap<SchedulingKey, Ahead>();
        for (var queue : queues) {
            all.addAll(queue.builds());
            var tiers = new HashSet<Tier>();
            for (var way : queue.ways()) tiers.add(way.tier());
            groupOf.put(queue.need(), groups.computeIfAbsent(tiers, _ -> new Ahead(queue, now)));
        }
        all.sort(ORDER);
        var standings = new ArrayList<QueuePosition>(all.size());
        var counts = new ArrayList<Ahead>(all.size());
        for (var build : all) {
            var group = groupOf.get(build.need());
            if (group == null) continue;
            counts.add(group);
            standings.add(new QueuePosition(build, ++group.count, 0, group.expected(), group.isMeasured));
            group.work += build.expectedSeconds();
            group.isMeasured &= build.request().work().isMeasured();
        }
        for (int i = 0; i < standings.size(); i++) {
            var standing = standings.get(i);
            standings.set(i, standing.outOf(counts.get(i).count));
        }
        return standings;
    }

    private QueuePosition outOf(int all) {
        return new QueuePosition(build, place, all, untilExpected, isMeasured);
    }

    /// What stands before the next build that waits for some machines.
    private static final class Ahead {
        private final double capacity;
        private final double firstFree;
        private int count;
        private double work;
        private boolean isMeasured = true;

        Ahead(RequirementQueue queue, long now) {
            this.capacity = queue.capacity();
            long first = Long.MAX_VALUE;
            for (var way : queue.ways()) {
                for (var slots : way.tier().machines()) {
                    if (slots.capacity() == 0 || slots.firstFree(now) >= first) continue;
                    first = slots.firstFree(now);
                    isMeasured = slots.isFirstFreeMeasured();
                }
            }
            this.firstFree = first == Long.MAX_VALUE ? 0 : (first - now) / Times.SECOND;
        }

        Duration expected() {
            if (capacity <= 0) return UNKNOWN;
            return Duration.ofMillis(Math.round((firstFree + work / capacity) * 1000));
        }
    }
}
