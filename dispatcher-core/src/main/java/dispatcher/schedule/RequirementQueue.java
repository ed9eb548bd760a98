package dispatcher.schedule;

import dispatcher.schedule.policy.SchedulingKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All builds of one need: those that the same machines can do. Confined to whoever owns the scheduler.
final class RequirementQueue {
    /// A build is urgent if what is to come after it takes at least this part of the time in which all that waits will
    /// be done. Not all of it, as what is expected may be wrong by a fifth.
    static final double URGENT = 0.8;

    final SchedulingKey need;
    private final Map<ClientShare, ClientQueue> lines = new LinkedHashMap<>();

    /// Where they may go. The fleet keeps it so.
    final List<TierCandidacy> ways = new ArrayList<>();

    /// Whether there is a machine, busy or not, that could do them.
    boolean possible;

    /// The last plan that they took part in.
    long plan;

    /// As they were when the fleet had changed so often.
    @Nullable
    PlacementCandidates openings;

    long openingsOf;

    private double work;

    /// As it was when the plan began.
    private double planWork;

    private long reckoned = -1;
    private double capacity;
    private double meanSpeed;
    private double bestSpeed;
    private double bestBandwidth;
    private int count;

    RequirementQueue(SchedulingKey need) {
        this.need = need;
    }

    void add(WaitingBuild build) {
        lines.computeIfAbsent(build.client, client -> new ClientQueue(this, client))
                .add(build);
        work += build.expectedSeconds;
        count++;
    }

    void remove(WaitingBuild build) {
        var line = lines.get(build.client);
        if (line == null) return;
        line.remove(build);
        if (line.isEmpty()) lines.remove(build.client);
        count--;
        work = count == 0 ? 0 : Math.max(0, work - build.expectedSeconds);
    }

    int count() {
        return count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /// Expected seconds of all of them together, at speed 1.
    double work() {
        return work;
    }

    Collection<ClientQueue> lines() {
        return lines.values();
    }

    /// All that wait, in no order that matters.
    List<WaitingBuild> builds() {
        var builds = new ArrayList<WaitingBuild>(count);
        for (var line : lines.values()) line.byAge().forEach(builds::add);
        return builds;
    }

    /// Whoever begins or comes while the plan is made does not count in it.
    void beginPlan(long number) {
        plan = number;
        planWork = work;
    }

    /// To be called before those below. Cost: a look at each tier if the fleet has changed since.
    void reckon(long fleetVersion) {
        if (reckoned == fleetVersion) return;
        reckoned = fleetVersion;
        capacity = 0;
        bestSpeed = 0;
        bestBandwidth = 0;
        double slots = 0;
        for (var way : ways) {
            var tier = way.tier;
            capacity += tier.capacity();
            slots += tier.capacity() / tier.speed;
            if (tier.capacity() == 0) continue;
            bestSpeed = Math.max(bestSpeed, tier.speed);
            bestBandwidth = Math.max(bestBandwidth, tier.bandwidth);
        }
        meanSpeed = slots > 0 ? capacity / slots : 1;
    }

    /// Whether one of these machines has a free slot. Cost: a look at each tier that has none, up to the first that
    /// has.
    boolean isOpen() {
        for (var way : ways) if (way.tier.hasFree()) return true;
        return false;
    }

    /// Slots times speed of the machines that they may go to.
    double capacity() {
        return capacity;
    }

    /// Mean speed of a slot that they may go to.
    double meanSpeed() {
        return meanSpeed;
    }

    /// Of the fastest slot that they may go to; 0 if there is none.
    double bestSpeed() {
        return bestSpeed;
    }

    /// Likewise of the best connected, in bytes per second.
    double bestBandwidth() {
        return bestBandwidth;
    }

    /// Seconds until all that waited when the plan began should have begun, if nothing more came.
    ///
    /// @param total of what waits for any machine
    double drain(double total) {
        return capacity > 0 ? Math.max(total, planWork / capacity) : total;
    }
}
