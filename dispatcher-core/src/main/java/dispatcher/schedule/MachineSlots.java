package dispatcher.schedule;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineHealth;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One machine as the scheduler sees it: what runs there and whether more may. Confined to whoever owns the scheduler.
final class MachineSlots {
    /// Place in the settings, which decides where all else is equal.
    final int index;

    Machine machine;
    MachineFacts facts;
    MachineHealth health = MachineHealth.GOOD;
    boolean drained;

    /// Not in the settings any more.
    boolean gone;

    /// Null while it goes from one to another.
    @Nullable
    Tier tier;

    /// The build that it is kept free for, as that would else never find it free enough.
    @Nullable
    WaitingBuild keptFor;

    final Set<RunningBuild> running = new LinkedHashSet<>();
    private final SortedMap<String, Long> taken = new TreeMap<>();

    /// Of free slots, as its tier has it in its order.
    int listedFree;

    double listedLoad;

    private long linkFree;

    /// What the plan that is being made has in mind for the slots.
    private long plan;

    private final PriorityQueue<Long> plannedEnds = new PriorityQueue<>(1);

    MachineSlots(int index, Machine machine) {
        this.index = index;
        this.machine = machine;
        this.facts = MachineFacts.asConfigured(machine);
    }

    Tier tier() {
        if (tier == null) throw new IllegalStateException(machine.name() + " is in no tier");
        return tier;
    }

    /// Builds that it may have now.
    int capacity() {
        if (drained || gone || health.isAside() || !facts.objection().isEmpty()) return 0;
        return health.isOnTrial() ? Math.min(1, machine.maxJobs()) : machine.maxJobs();
    }

    int free() {
        return Math.max(0, capacity() - running.size());
    }

    double load() {
        return machine.maxJobs() == 0 ? 1 : running.size() / (double) machine.maxJobs();
    }

    /// Whether a build of that need finds enough of each resource that is not taken.
    boolean hasLeft(SchedulingKey need) {
        if (need.resources().isEmpty()) return true;
        for (var wanted : need.resources().entrySet()) {
            var has = machine.resources().get(wanted.getKey());
            if (has == null) continue;
            if (has - taken.getOrDefault(wanted.getKey(), 0L) < wanted.getValue()) return false;
        }
        return true;
    }

    boolean takes(WaitingBuild build) {
        return (keptFor == null || keptFor == build)
                && !build.need.excluded().contains(machine.name())
                && hasLeft(build.need);
    }

    /// Seconds until all should be here that is on its way.
    double linkBusy(long now) {
        return running.isEmpty() ? 0 : Math.max(0, linkFree - now) / Times.SECOND;
    }

    void add(RunningBuild build) {
        linkFree = Times.after(running.isEmpty() ? build.start : Math.max(linkFree, build.start), build.copySeconds);
        running.add(build);
        build.build.need.resources().forEach((name, amount) -> taken.merge(name, amount, Long::sum));
    }

    void remove(RunningBuild build) {
        running.remove(build);
        build.build.need.resources().forEach((name, amount) -> taken.merge(name, -amount, Long::sum));
    }

    Map<String, Long> taken() {
        return taken;
    }

    /// When the first of its slots should be free that nobody ahead in this plan has in mind; now if one is.
    long nextFree(long number, long now) {
        var planned = plan == number ? plannedEnds.peek() : null;
        return planned == null ? firstFree(now) : planned;
    }

    /// Somebody has that slot in mind, until `end`.
    void reserve(long number, long now, long end) {
        if (plan != number) {
            plan = number;
            plannedEnds.clear();
            for (int i = free(); i > 0; i--) plannedEnds.add(now);
            for (var build : running) plannedEnds.add(build.endSeenAt(now));
        }
        plannedEnds.poll();
        plannedEnds.add(end);
    }

    /// Whether [#firstFree] rests on anything that was seen.
    boolean isFirstFreeMeasured() {
        if (free() > 0) return true;
        for (var build : running) if (!build.build.request().work().isMeasured()) return false;
        return true;
    }

    /// When the first of its slots should be free; now if one is.
    long firstFree(long now) {
        if (free() > 0) return now;
        long first = Long.MAX_VALUE;
        for (var build : running) first = Math.min(first, build.endSeenAt(now));
        return first;
    }
}
