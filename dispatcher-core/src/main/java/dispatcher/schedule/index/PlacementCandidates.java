package dispatcher.schedule.index;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Machines with a free slot that builds of one queue may be given, of each tier the least loaded; as it is until a
/// build begins or ends or a machine changes. Has at hand what counts of them for each build, and leaves out
/// those that cannot be the best for any.
///
/// @param contenders   the best for any build that has none of its inputs anywhere is among them
/// @param fewestExtras the least that one of all machines with a free slot offers beyond what is needed
/// @param looks        that it took to find them, at kinds of machines
public record PlacementCandidates(List<Opening> contenders, int fewestExtras, int looks) {
    /// One of the machines.
    ///
    /// @param spared whether another one with a free slot offers less that is not needed
    public record Opening(MachineSlots slots, double speed, double bandwidth, boolean spared) {
        /// Whether it is at least as good for any build, and comes first where both are as good. It must be up, and
        /// its link free.
        private boolean isBetterThan(Opening other) {
            return speed >= other.speed
                    && bandwidth >= other.bandwidth
                    && (!spared || other.spared)
                    && (speed > other.speed || slots.index() < other.slots.index());
        }
    }

    public PlacementCandidates {
        contenders = List.copyOf(contenders);
    }

    /// @param ways  to machines with a free slot
    /// @param build one of those that may go there
    static PlacementCandidates of(List<TierCandidacy> ways, WaitingBuild build, long now) {
        int fewest = Integer.MAX_VALUE;
        for (var way : ways) if (way.extras() < fewest && way.pick(build) != null) fewest = way.extras();
        var all = new ArrayList<Opening>(ways.size());
        for (var way : ways) {
            var slots = way.pick(build);
            if (slots == null) continue;
            all.add(new Opening(slots, slots.speed(), slots.facts().bandwidth(), way.extras() > fewest));
        }
        return new PlacementCandidates(contenders(all, now), fewest, ways.size());
    }

    private static List<Opening> contenders(List<Opening> all, long now) {
        var champion = champion(all, now);
        if (champion == null) return all;
        var contenders = new ArrayList<Opening>();
        for (var opening : all) if (!champion.isBetterThan(opening)) contenders.add(opening);
        return contenders;
    }

    /// One that is up, to which nothing is on its way, and that most others are no better than.
    private static @Nullable Opening champion(List<Opening> all, long now) {
        Opening champion = null;
        for (var opening : all) {
            if (opening.spared || !opening.slots.isUp() || opening.slots.linkBusy(now) > 0) continue;
            boolean better = champion == null
                    || opening.speed > champion.speed
                    || (opening.speed == champion.speed && opening.slots.index() < champion.slots.index());
            if (better) champion = opening;
        }
        return champion;
    }
}
