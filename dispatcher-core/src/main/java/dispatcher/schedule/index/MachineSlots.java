package dispatcher.schedule.index;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineHealth;
import dispatcher.schedule.policy.Lateness;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One machine as the scheduler sees it: what is known of it, which comes as snapshots, and what runs there, which is
/// counted here, where slots are given. Changes only by way of [Fleet], so that it is listed where it belongs. Confined
/// to the owner of the scheduler.
public final class MachineSlots {
    private final int index;
    private MachineSnapshot snapshot;

    /// Of the snapshot. At hand since each decision asks for them.
    private Machine machine;

    private MachineFacts facts;
    private int capacity;
    private boolean isUp;

    private boolean isGone;
    private @Nullable WaitingBuild keptFor;
    private final Set<RunningBuild> running = new LinkedHashSet<>();
    private final SortedMap<String, Long> taken = new TreeMap<>();
    private long linkFree;

    /// As its tier has it in its orders.
    private int listedFree;

    private double listedLoad;
    private boolean listsEnds;

    /// What the plan that is being made has in mind for the slots.
    private long plan;

    private final PriorityQueue<Long> plannedEnds = new PriorityQueue<>(1);

    MachineSlots(int index, MachineSnapshot snapshot) {
        this.index = index;
        this.snapshot = snapshot;
        this.machine = snapshot.machine();
        this.facts = snapshot.facts();
        this.capacity = snapshot.slots();
        this.isUp = facts.boot().isUp();
    }

    /// Place in the settings, which decides where all else is equal.
    public int index() {
        return index;
    }

    /// The latest.
    public MachineSnapshot snapshot() {
        return snapshot;
    }

    public Machine machine() {
        return machine;
    }

    public String name() {
        return machine.name();
    }

    public MachineFacts facts() {
        return facts;
    }

    public double speed() {
        return facts.speed();
    }

    public MachineHealth health() {
        return snapshot.health();
    }

    /// Whether it may have builds.
    public MachineState state() {
        return isGone ? MachineState.REMOVED : snapshot.state();
    }

    /// Not in the settings any more.
    public boolean isGone() {
        return isGone;
    }

    /// Whether it is kept free for a build that would else never find it free enough.
    public boolean isKept() {
        return keptFor != null;
    }

    /// The oldest first.
    public Collection<RunningBuild> running() {
        return Collections.unmodifiableCollection(running);
    }

    /// Of its resources, by name.
    public Map<String, Long> taken() {
        return Collections.unmodifiableMap(taken);
    }

    /// Builds that it may have now.
    public int capacity() {
        return capacity;
    }

    public int slotsTaken() {
        return running.size();
    }

    public int free() {
        return Math.max(0, capacity() - running.size());
    }

    public double load() {
        return machine.maxJobs() == 0 ? 1 : running.size() / (double) machine.maxJobs();
    }

    /// Whether a build of that need finds enough of each resource that is not taken.
    public boolean hasLeft(SchedulingKey need) {
        if (need.resources().isEmpty()) return true;
        for (var wanted : need.resources().entrySet()) {
            var has = machine.resources().get(wanted.getKey());
            if (has == null) continue;
            if (has - taken.getOrDefault(wanted.getKey(), 0L) < wanted.getValue()) return false;
        }
        return true;
    }

    /// Whether nothing but the number of its slots may keep a build from it.
    public boolean takes(WaitingBuild build) {
        return (keptFor == null || keptFor == build) && !build.need().excludes(machine.name()) && hasLeft(build.need());
    }

    /// Whether builds begin as soon as they have a slot. Else they wait until it has started.
    public boolean isUp() {
        return isUp;
    }

    /// Seconds until it should be up; 0 if it is. One that is off is started for the first build that has a slot.
    public double untilUp(long now) {
        if (isUp) return 0;
        long begun = now;
        if (facts.boot().since().isPresent())
            begun = Math.min(now, Times.nanos(facts.boot().since().get()));
        else if (!running.isEmpty())
            begun = Math.min(now, running.iterator().next().start());
        long up = Times.after(begun, Times.seconds(facts.boot().takes()));
        return ((up > now ? up : Lateness.end(begun, true, now)) - now) / Times.SECOND;
    }

    /// Seconds until all should be here that is on its way. Until a machine is up its link is free.
    public double linkBusy(long now) {
        if (running.isEmpty()) return 0;
        double busy = Math.max(0, linkFree - now) / Times.SECOND;
        return isUp ? busy : Math.max(0, busy - untilUp(now));
    }

    /// Whether [#firstFree] rests on anything that was seen.
    public boolean isFirstFreeMeasured() {
        if (free() > 0) return true;
        for (var build : running) if (!build.build().request().work().isMeasured()) return false;
        return true;
    }

    /// When the first of its slots should be free; now if one is.
    public long firstFree(long now) {
        if (free() > 0) return now;
        long first = Long.MAX_VALUE;
        for (var build : running) first = Math.min(first, build.endSeenAt(now));
        return first;
    }

    // ---- what is planned

    /// When the first of its slots should be free that nobody ahead in this plan has in mind; now if one is.
    public long nextFree(long number, long now) {
        var planned = plan == number ? plannedEnds.peek() : null;
        return planned == null ? firstFree(now) : planned;
    }

    /// Somebody has that slot in mind, until `end`.
    public void reserve(long number, long now, long end) {
        if (plan != number) {
            plan = number;
            plannedEnds.clear();
            for (int i = free(); i > 0; i--) plannedEnds.add(now);
            for (var build : running) plannedEnds.add(build.endSeenAt(now));
        }
        plannedEnds.poll();
        plannedEnds.add(end);
    }

    // ---- changes, each between unlist and list

    /// It is in the settings, even if it was not before.
    ///
    /// @param latest of the same machine
    void update(MachineSnapshot latest) {
        snapshot = latest;
        machine = latest.machine();
        facts = latest.facts();
        capacity = latest.slots();
        isUp = facts.boot().isUp();
        isGone = false;
    }

    void goAway() {
        isGone = true;
        capacity = 0;
    }

    void add(RunningBuild build) {
        linkFree =
                Times.after(running.isEmpty() ? build.begin() : Math.max(linkFree, build.begin()), build.copySeconds());
        running.add(build);
        build.build().need().resources().forEach((name, amount) -> taken.merge(name, amount, Long::sum));
    }

    void remove(RunningBuild build) {
        running.remove(build);
        build.build().need().resources().forEach((name, amount) -> taken.merge(name, -amount, Long::sum));
    }

    /// @param build null for none
    void keepFor(@Nullable WaitingBuild build) {
        keptFor = build;
    }

    // ---- how its tier has it listed

    int listedFree() {
        return listedFree;
    }

    double listedLoad() {
        return listedLoad;
    }

    /// Whether the ends of its builds are listed.
    boolean listsEnds() {
        return listsEnds;
    }

    void list(boolean withEnds) {
        listedFree = free();
        listedLoad = load();
        listsEnds = withEnds;
    }

    void unlist() {
        listedFree = 0;
    }

    void leaveTier() {
        unlist();
        listsEnds = false;
    }
}
