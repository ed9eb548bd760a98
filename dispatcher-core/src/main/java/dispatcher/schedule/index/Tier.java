package dispatcher.schedule.index;

import dispatcher.machine.Machine;
import dispatcher.schedule.policy.MachineKind;
import java.util.Comparator;
import java.util.HashSet;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Machines that are alike: fit for the same builds, about as fast, about as well connected, and up, off or
/// starting alike. What holds for one holds for all, so that a decision costs no more for a thousand of them than
/// for one. Confined to the owner of the scheduler.
public final class Tier {
    private static final Comparator<MachineSlots> LEAST_LOADED_FIRST = Comparator.<MachineSlots>comparingDouble(
                    MachineSlots::listedLoad)
            .thenComparingDouble(slots -> -slots.speed())
            .thenComparingInt(MachineSlots::index);

    /// Of machines that have to be started: so that no more are than there are builds for.
    private static final Comparator<MachineSlots> MOST_LOADED_FIRST = Comparator.<MachineSlots>comparingDouble(
                    slots -> -slots.listedLoad())
            .thenComparingInt(MachineSlots::index);

    private static final Comparator<RunningBuild> FIRST_TO_END = Comparator.<RunningBuild>comparingLong(
                    RunningBuild::expectedEnd)
            .thenComparingLong(build -> build.build().number());

    private final MachineKind kind;
    private final double speed;
    private final double bandwidth;
    private final boolean isUp;
    private final Set<MachineSlots> machines = new HashSet<>();
    private final TreeSet<MachineSlots> open;

    /// Builds whose ends free a slot: what a drained or broken machine frees is of no use.
    private final TreeSet<RunningBuild> running = new TreeSet<>(FIRST_TO_END);

    /// The first of the machines with a free slot, at hand since most decisions ask for it.
    private @Nullable MachineSlots firstOpen;

    private long changes;
    private int freeSlots;
    private double capacity;

    /// The first of the builds that run. At hand since every plan asks, and most tiers have not changed since the
    /// one before.
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

    /// @param isUp whether its machines are
    Tier(MachineKind kind, double speed, double bandwidth, boolean isUp) {
        this.kind = kind;
        this.speed = speed;
        this.bandwidth = bandwidth;
        this.isUp = isUp;
        this.open = new TreeSet<>(isUp ? LEAST_LOADED_FIRST : MOST_LOADED_FIRST);
    }

    public MachineKind kind() {
        return kind;
    }

    public double speed() {
        return speed;
    }

    /// In bytes per second.
    public double bandwidth() {
        return bandwidth;
    }

    /// Whether builds begin there as soon as they have a slot.
    public boolean isUp() {
        return isUp;
    }

    // ---- what is so

    void add(MachineSlots slots) {
        machines.add(slots);
        list(slots);
    }

    void remove(MachineSlots slots) {
        unlist(slots);
        if (slots.listsEnds()) running.removeAll(slots.running());
        slots.leaveTier();
        machines.remove(slots);
        firstIsStale = true;
    }

    boolean isEmpty() {
        return machines.isEmpty();
    }

    /// In no order that matters.
    public Iterable<MachineSlots> machines() {
        return machines;
    }

    /// One of them; what holds for its kind holds for all.
    public Machine anyMachine() {
        return machines.iterator().next().machine();
    }

    /// To be called around every change of one of its machines: unlist, change, list.
    void unlist(MachineSlots slots) {
        open.remove(slots);
        noteFirstOpen();
        freeSlots -= slots.listedFree();
        capacity -= slots.capacity() * slots.speed();
        slots.unlist();
    }

    void list(MachineSlots slots) {
        firstIsStale = true;
        listEnds(slots);
        capacity += slots.capacity() * slots.speed();
        freeSlots += slots.listedFree();
        if (slots.listedFree() > 0) open.add(slots);
        noteFirstOpen();
    }

    private void listEnds(MachineSlots slots) {
        boolean listed = slots.listsEnds();
        boolean ends = slots.slotsTaken() <= slots.capacity();
        slots.list(ends);
        if (ends == listed) return;
        if (ends) running.addAll(slots.running());
        else running.removeAll(slots.running());
    }

    void start(RunningBuild build, MachineSlots slots) {
        unlist(slots);
        slots.add(build);
        if (slots.listsEnds()) running.add(build);
        list(slots);
    }

    void end(RunningBuild build, MachineSlots slots) {
        unlist(slots);
        slots.remove(build);
        running.remove(build);
        list(slots);
    }

    /// Grows whenever another one of these machines may be the first that takes a build.
    long changes() {
        return changes;
    }

    /// To be called when one of them takes other builds than before.
    void changed() {
        changes++;
    }

    private void noteFirstOpen() {
        changes++;
        firstOpen = open.isEmpty() ? null : open.first();
    }

    public boolean hasFree() {
        return freeSlots > 0;
    }

    /// Slots times speed of the machines that may be given builds.
    public double capacity() {
        return machines.isEmpty() ? 0 : Math.max(0, capacity);
    }

    /// The least loaded first; of machines that are not up, the most loaded first.
    public Iterable<MachineSlots> machinesWithFreeSlots() {
        return open;
    }

    /// The machine for a build that goes to one of these, if one takes it now. Cost: one look if the build takes no
    /// resources, else up to one for each machine with a free slot.
    public @Nullable MachineSlots pick(WaitingBuild build) {
        if (firstOpen == null || firstOpen.takes(build)) return firstOpen;
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
        first = running.isEmpty() ? null : running.first();
        firstEnd = first == null ? Long.MAX_VALUE : first.expectedEnd();
        firstIsStale = false;
    }

    /// When the next slot should be free that nobody ahead in this plan has in mind. `Long.MAX_VALUE` if there never
    /// will be one.
    public long nextFree(long number, long now) {
        if (plan != number) beginPlan(number, now);
        return nextFree;
    }

    /// Somebody has that slot in mind, until `end`.
    public void reserve(long number, long now, long end) {
        long taken = nextFree(number, now);
        if (taken == nextEnd && next != null) next = running.higher(next);
        else plannedEnds.poll();
        plannedEnds.add(end);
        findNextEnd(now);
    }

    private void findNextEnd(long now) {
        nextEnd = next == null ? Long.MAX_VALUE : next.endSeenAt(now);
        var planned = plannedEnds.peek();
        nextFree = planned == null ? nextEnd : Math.min(nextEnd, planned);
    }
}
