package dispatcher.schedule.index;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A tier and the queues whose builds may go there. Both ways are at hand, so that neither needs to be looked for.
/// Confined to the owner of the scheduler.
public final class TierQueues {
    private final Tier tier;
    private final Map<RequirementQueue, TierCandidacy> ways = new LinkedHashMap<>();

    TierQueues(Tier tier) {
        this.tier = tier;
    }

    public Tier tier() {
        return tier;
    }

    public Iterable<RequirementQueue> queues() {
        return ways.keySet();
    }

    public int countOfQueues() {
        return ways.size();
    }

    /// Null if builds of that queue may not go here.
    public @Nullable TierCandidacy wayOf(RequirementQueue queue) {
        return ways.get(queue);
    }

    void join(RequirementQueue queue) {
        var way = new TierCandidacy(tier, queue.need());
        ways.put(queue, way);
        queue.add(way);
    }

    /// One that forgets all its ways.
    void forget(RequirementQueue queue) {
        ways.remove(queue);
    }

    /// There is no machine any more.
    void close() {
        ways.forEach(RequirementQueue::remove);
        ways.clear();
    }
}
