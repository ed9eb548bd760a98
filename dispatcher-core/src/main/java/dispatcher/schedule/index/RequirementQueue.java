package dispatcher.schedule.index;

import dispatcher.schedule.policy.SchedulingKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All builds of one need: those that the same machines can do. Confined to the owner of the scheduler.
public final class RequirementQueue {
    private final SchedulingKey need;
    private final Map<ClientShare, ClientQueue> clients = new LinkedHashMap<>();
    private final List<TierCandidacy> ways = new ArrayList<>();
    private boolean isPossible;
    private long plan;

    /// As they were when the fleet had changed so often.
    private @Nullable PlacementCandidates candidates;

    private long candidatesOf;

    private double work;

    /// As it was when the plan began.
    private double planWork;

    private long refreshedFor = -1;
    private double capacity;
    private double meanSpeed;
    private double bestSpeed;
    private double bestBandwidth;
    private int count;

    public RequirementQueue(SchedulingKey need) {
        this.need = need;
    }

    public SchedulingKey need() {
        return need;
    }

    // ---- builds

    public void add(WaitingBuild build) {
        clients.computeIfAbsent(build.client(), client -> new ClientQueue(this, client))
                .add(build);
        work += build.expectedSeconds();
        count++;
    }

    public void remove(WaitingBuild build) {
        var queue = clients.get(build.client());
        if (queue == null) return;
        queue.remove(build);
        if (queue.isEmpty()) clients.remove(build.client());
        count--;
        work = count == 0 ? 0 : Math.max(0, work - build.expectedSeconds());
    }

    public boolean isEmpty() {
        return count == 0;
    }

    public Iterable<ClientQueue> clients() {
        return clients.values();
    }

    /// All that wait, in no order that matters.
    public List<WaitingBuild> builds() {
        var builds = new ArrayList<WaitingBuild>(count);
        for (var queue : clients.values()) queue.byAge().forEach(builds::add);
        return builds;
    }

    // ---- where they may go

    /// The fleet keeps it so.
    public Iterable<TierCandidacy> ways() {
        return ways;
    }

    public int countOfWays() {
        return ways.size();
    }

    void add(TierCandidacy way) {
        ways.add(way);
    }

    void remove(TierCandidacy way) {
        ways.remove(way);
    }

    void forgetWays() {
        ways.clear();
    }

    /// Whether there is a machine, busy or not, that could do them.
    public boolean isPossible() {
        return isPossible;
    }

    void findWhetherPossible() {
        isPossible = hasMachine();
    }

    private boolean hasMachine() {
        for (var way : ways)
            for (var slots : way.tier().machines()) if (!slots.isGone() && !need.excludes(slots.name())) return true;
        return false;
    }

    /// Null if they are not known as of that many changes of the fleet.
    @Nullable
    PlacementCandidates candidates(long changes) {
        return candidatesOf == changes ? candidates : null;
    }

    void keep(PlacementCandidates found, long changes) {
        candidates = found;
        candidatesOf = changes;
    }

    // ---- what is planned

    public boolean takesPartIn(long number) {
        return plan == number;
    }

    /// A build that begins or comes while the plan is made does not count in it.
    public void beginPlan(long number) {
        plan = number;
        planWork = work;
    }

    /// To be called before those below. Cost: a look at each tier if the fleet has changed since.
    public void refresh(long fleetVersion) {
        if (refreshedFor == fleetVersion) return;
        refreshedFor = fleetVersion;
        capacity = 0;
        bestSpeed = 0;
        bestBandwidth = 0;
        double slots = 0;
        for (var way : ways) {
            var tier = way.tier();
            capacity += tier.capacity();
            slots += tier.capacity() / tier.speed();
            if (tier.capacity() == 0) continue;
            bestSpeed = Math.max(bestSpeed, tier.speed());
            bestBandwidth = Math.max(bestBandwidth, tier.bandwidth());
        }
        meanSpeed = slots > 0 ? capacity / slots : 1;
    }

    /// Whether one of these machines has a free slot. Cost: a look at each tier that has none, up to the first that
    /// has.
    public boolean isOpen() {
        for (var way : ways) if (way.tier().hasFree()) return true;
        return false;
    }

    /// Slots times speed of the machines that they may go to.
    public double capacity() {
        return capacity;
    }

    /// Mean speed of a slot that they may go to.
    public double meanSpeed() {
        return meanSpeed;
    }

    /// Of the fastest slot that they may go to; 0 if there is none.
    public double bestSpeed() {
        return bestSpeed;
    }

    /// Likewise of the best connected, in bytes per second.
    public double bestBandwidth() {
        return bestBandwidth;
    }

    /// Seconds until all that waited when the plan began should have begun, if nothing more came.
    ///
    /// @param total of what waits for any machine
    public double drain(double total) {
        return capacity > 0 ? Math.max(total, planWork / capacity) : total;
    }
}
