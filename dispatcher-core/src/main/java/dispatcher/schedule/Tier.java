package dispatcher.schedule;

import dispatcher.schedule.policy.MachineKind;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Machines that are alike: fit for the same builds, about as fast, and about as well connected. What holds for one
/// holds for all, so that a decision costs no more for a thousand of them than for one. Confined to whoever owns the
/// scheduler.
final class Tier {
    private static final Comparator<MachineSlots> LEAST_LOADED_FIRST = Comparator.<MachineSlots>comparingDouble(
                    slots -> slots.listedLoad)
            .thenComparingDouble(slots -> -slots.facts.speed())
            .thenComparingInt(slots -> slots.index);

    private static final Comparator<RunningBuild> FIRST_TO_END = Comparator.<RunningBuild>comparingLong(
                    build -> build.expectedEnd)
            .thenComparingLong(build -> build.build.number);

    final MachineKind kind;
    final double speed;
    final double bandwidth;
    private final Set<MachineSlots> machines = new HashSet<>();
    private final TreeSet<MachineSlots> open = new TreeSet<>(LEAST_LOADED_FIRST);
    private final TreeSet<RunningBuild> running = new TreeSet<>(FIRST_TO_END);

    /// Who may go here.
    private final Map<RequirementQueue, TierCandidacy> ways = new LinkedHashMap<>();

    /// The first of those with a free slot, at hand since most decisions ask for it.
    private @Nullable MachineSlots leastLoaded;

    private long changes;
    private int freeSlots;
    private double capacity;

    /// Of the builds that run, the first whose end frees a slot. At hand since every plan asks, and most tiers have
    /// not
    /// changed since the one before.
    private @Nullable RunningBuild first;

    private long firstEnd;
    private boolean firstIsStale = true;

    /// What the plan that is being made has in mind for the slots.
    private long plan;

    private final PriorityQueue<Long> plannedEnds = new PriorityQueue<>();
    /// Of the builds that run, the first whose end nobody has in mind.
    private @Nullable RunningBuild next;

    private long nextEnd;
    private long nextFree;

    Tier(MachineKind kind, double speed, double bandwidth) {
        this.kind = kind;
        this.speed = speed;
        this.bandwidth = bandwidth;
    }

    // ---- what is so

    void add(MachineSlots slots) {
        slots.tier = this;
        machines.add(slots);
        running.addAll(slots.running);
        list(slots);
    }

    void remove(MachineSlots slots) {
        unlist(slots);
        machines.remove(slots);
        running.removeAll(slots.running);
        firstIsStale = true;
        slots.tier = null;
    }

    /// Lets a line come here. Line and tier know each other, so that neither needs to be looked for.
    void join(RequirementQueue line) {
        var way = new TierCandidacy(this, line);
        ways.put(line, way);
        line.ways.add(way);
    }

    void part(RequirementQueue line) {
        line.ways.remove(ways.remove(line));
    }

    Set<RequirementQueue> lines() {
        return ways.keySet();
    }

    /// Null if a line may not go here.
    @Nullable
    TierCandidacy wayOf(RequirementQueue line) {
        return ways.get(line);
    }

    boolean isEmpty() {
        return machines.isEmpty();
    }

    Set<MachineSlots> machines() {
        return machines;
    }

    /// To be called around every change of one of its machines: unlist, change, list.
    void unlist(MachineSlots slots) {
        open.remove(slots);
        noteLeastLoaded();
        freeSlots -= slots.listedFree;
        capacity -= slots.capacity() * slots.facts.speed();
        slots.listedFree = 0;
    }

    void list(MachineSlots slots) {
        firstIsStale = true;
        slots.listedFree = slots.free();
        slots.listedLoad = slots.load();
        capacity += slots.capacity() * slots.facts.speed();
        freeSlots += slots.listedFree;
        if (slots.listedFree > 0) open.add(slots);
        noteLeastLoaded();
    }

    /// Grows whenever another one of these machines may be the first that takes a build.
    long changes() {
        return changes;
    }

    /// To be called when one of them takes other builds than before.
    void changed() {
        changes++;
    }

    private void noteLeastLoaded() {
        changes++;
        leastLoaded = open.isEmpty() ? null : open.first();
    }

    void started(RunningBuild build) {
        running.add(build);
        firstIsStale = true;
    }

    void ended(RunningBuild build) {
        running.remove(build);
        firstIsStale = true;
    }

    boolean hasFree() {
        return freeSlots > 0;
    }

    int freeSlots() {
        return freeSlots;
    }

    /// Slots times speed of the machines that may be given builds.
    double capacity() {
        return machines.isEmpty() ? 0 : Math.max(0, capacity);
    }

    /// The least loaded first.
    Iterable<MachineSlots> machinesWithFreeSlots() {
        return open;
    }

    /// The machine for a build that goes to one of these, if one takes it now. Cost: one look if the build takes no
    /// resources, else up to one for each machine with a free slot.
    @Nullable
    MachineSlots pick(WaitingBuild build) {
        if (leastLoaded == null || leastLoaded.takes(build)) return leastLoaded;
        for (var slots : open) if (slots.takes(build)) return slots;
        return null;
    }

    // ---- what is planned

    private void beginPlan(long number, long now) {
        plan = number;
        plannedEnds.clear();
        if (firstIsStale) findFirst();
        next = first;
        nextEnd = first == null || firstEnd > now ? firstEnd : first.endSeenAt(now);
        nextFree = nextEnd;
    }

    private void findFirst() {
        first = running.isEmpty() ? null : firstThatFrees(running.first());
        firstEnd = first == null ? Long.MAX_VALUE : first.expectedEnd;
        firstIsStale = false;
    }

    /// That build or the next one after it whose end frees a slot.
    private @Nullable RunningBuild firstThatFrees(@Nullable RunningBuild build) {
        var found = build;
        while (found != null && !freesASlot(found)) found = running.higher(found);
        return found;
    }

    /// When the next slot should be free that nobody ahead in this plan has in mind. `Long.MAX_VALUE` if there never
    /// will be one.
    long nextFree(long number, long now) {
        if (plan != number) beginPlan(number, now);
        return nextFree;
    }

    /// Somebody has that slot in mind, until `end`.
    void reserve(long number, long now, long end) {
        long taken = nextFree(number, now);
        if (taken == nextEnd && next != null) next = running.higher(next);
        else plannedEnds.poll();
        plannedEnds.add(end);
        findNextEnd(now);
    }

    /// Builds may begin and end meanwhile.
    private void findNextEnd(long now) {
        next = firstThatFrees(next);
        nextEnd = next == null ? Long.MAX_VALUE : next.endSeenAt(now);
        var planned = plannedEnds.peek();
        nextFree = planned == null ? nextEnd : Math.min(nextEnd, planned);
    }

    /// What a drained or broken machine frees is of no use.
    private static boolean freesASlot(RunningBuild build) {
        return build.slots.running.size() <= build.slots.capacity();
    }
}
