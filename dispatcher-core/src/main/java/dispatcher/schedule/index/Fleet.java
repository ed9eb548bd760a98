package dispatcher.schedule.index;

import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.MachineKind;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The machines, sorted into tiers, and which builds may go to which. Confined to the owner of the scheduler.
public final class Fleet {
    /// Speeds that differ by less than this factor count as the same.
    private static final double SPEED_STEP = 1.1;

    private static final double BANDWIDTH_STEP = 1.5;

    /// Of the time that machines take to start.
    private static final double BOOT_STEP = 1.5;

    /// Machines that are started within so many seconds count as started at once.
    private static final long STARTED_AT_ONCE = 2;

    private final Map<String, Place> machines = new LinkedHashMap<>();
    private final Map<TierKey, TierQueues> tiers = new LinkedHashMap<>();
    private final Set<TierQueues> open = new LinkedHashSet<>();
    private final Set<RequirementQueue> queues = new LinkedHashSet<>();

    /// Those that machines are kept for.
    private final Map<WaitingBuild, Place> keepers = new LinkedHashMap<>();

    private int nextIndex;
    private long version;
    private long changes;
    private long capacityOf = -1;
    private double capacity;

    /// A machine and where it is listed.
    private static final class Place {
        private final MachineSlots slots;
        private TierQueues at;

        Place(MachineSlots slots, TierQueues at) {
            this.slots = slots;
            this.at = at;
        }
    }

    /// @param boot of machines that have to be started, how long that takes
    /// @param since when they were started; 0 if they were not
    private record TierKey(MachineKind kind, long speed, long bandwidth, long boot, long since) {
        /// No number of steps.
        private static final long UP = Long.MIN_VALUE;

        static TierKey of(MachineSlots slots) {
            var boot = slots.facts().boot();
            return new TierKey(
                    MachineKind.of(slots.machine()),
                    step(slots.speed(), SPEED_STEP),
                    step(slots.facts().bandwidth(), BANDWIDTH_STEP),
                    slots.isUp() ? UP : step(Times.seconds(boot.takes()), BOOT_STEP),
                    boot.since()
                            .map(since -> since.getEpochSecond() / STARTED_AT_ONCE)
                            .orElse(0L));
        }

        private static long step(double value, double step) {
            return Math.round(Math.log(value) / Math.log(step));
        }
    }

    /// Grows whenever machines change by more than what runs there.
    public long version() {
        return version;
    }

    // ---- machines

    /// In the order in which they came.
    public List<MachineSlots> machines() {
        return machines.values().stream().map(place -> place.slots).toList();
    }

    public @Nullable MachineSlots machine(String name) {
        var place = machines.get(name);
        return place == null ? null : place.slots;
    }

    /// @throws IllegalStateException if there is none of that name
    private Place place(String name) {
        var place = machines.get(name);
        if (place == null) throw new IllegalStateException("no machine " + name);
        return place;
    }

    /// How builds of a queue may go to a machine. Null if they may not.
    public @Nullable TierCandidacy wayTo(MachineSlots slots, RequirementQueue queue) {
        return place(slots.name()).at.wayOf(queue);
    }

    /// Slots times speed of all that may be given builds. Cost: a look at each tier if machines have changed since.
    public double capacity() {
        if (capacityOf != version) {
            capacityOf = version;
            capacity = 0;
            for (var there : tiers.values()) capacity += there.tier().capacity();
        }
        return capacity;
    }

    /// Makes these the machines. Those that are no more in it keep what runs there, and get nothing more.
    public void replace(Collection<MachineSnapshot> wanted) {
        var names = new HashSet<String>();
        for (var snapshot : wanted) {
            names.add(snapshot.name());
            var place = machines.get(snapshot.name());
            if (place == null) add(snapshot);
            else change(place, () -> place.slots.update(latest(place.slots.snapshot(), snapshot)));
        }
        for (var place : new ArrayList<>(machines.values())) {
            if (names.contains(place.slots.name())) continue;
            change(place, place.slots::goAway);
            forgetIfGone(place);
        }
        findWhichArePossible();
        version++;
    }

    private static MachineSnapshot latest(MachineSnapshot known, MachineSnapshot come) {
        return come.isEarlierThan(known) ? known : come;
    }

    /// What is known of a machine now. Cost: a look at each queue if it is described otherwise than before.
    public void update(MachineSlots slots, MachineSnapshot latest) {
        var known = slots.snapshot();
        if (latest.saysTheSameAs(known)) {
            // It is listed where it belongs; an earlier one may still come.
            slots.update(latest);
            return;
        }
        change(place(slots.name()), () -> slots.update(latest));
        if (!latest.machine().equals(known.machine())) findWhichArePossible();
    }

    private void findWhichArePossible() {
        for (var queue : queues) queue.findWhetherPossible();
    }

    private void add(MachineSnapshot snapshot) {
        var slots = new MachineSlots(nextIndex++, snapshot);
        machines.put(snapshot.name(), new Place(slots, join(slots)));
    }

    private TierQueues join(MachineSlots slots) {
        var key = TierKey.of(slots);
        var there = tiers.get(key);
        if (there == null) {
            there = new TierQueues(
                    new Tier(key.kind(), slots.speed(), slots.facts().bandwidth(), slots.isUp()));
            tiers.put(key, there);
            for (var queue : queues) if (Fitness.isFit(slots.machine(), queue.need())) there.join(queue);
        }
        there.tier().add(slots);
        note(there);
        version++;
        return there;
    }

    private void part(Place place) {
        var from = place.at;
        from.tier().remove(place.slots);
        note(from);
        version++;
        if (!from.tier().isEmpty()) return;
        tiers.values().remove(from);
        from.close();
    }

    /// To be called after a tier may have got a free slot, or lost its last.
    private void note(TierQueues there) {
        changes++;
        if (there.tier().hasFree()) open.add(there);
        else open.remove(there);
    }

    /// Makes a change that may take the machine to another tier.
    private void change(Place place, Runnable change) {
        var tier = place.at.tier();
        var key = TierKey.of(place.slots);
        tier.unlist(place.slots);
        change.run();
        tier.list(place.slots);
        note(place.at);
        version++;
        if (TierKey.of(place.slots).equals(key)) return;
        part(place);
        place.at = join(place.slots);
    }

    private void forgetIfGone(Place place) {
        if (!place.slots.isGone() || place.slots.slotsTaken() > 0) return;
        machines.remove(place.slots.name());
        part(place);
    }

    // ---- builds that run

    public void start(RunningBuild build) {
        var place = place(build.machine().name());
        place.at.tier().start(build, place.slots);
        note(place.at);
    }

    public void end(RunningBuild build) {
        var place = place(build.machine().name());
        place.at.tier().end(build, place.slots);
        note(place.at);
        forgetIfGone(place);
    }

    // ---- builds that wait

    /// Finds the tiers that builds of a queue may go to, and keeps that up to date until it is detached. Cost: a
    /// look at each tier.
    public void attach(RequirementQueue queue) {
        queues.add(queue);
        for (var there : tiers.values()) if (Fitness.isFit(there.tier().anyMachine(), queue.need())) there.join(queue);
        queue.findWhetherPossible();
    }

    public void detach(RequirementQueue queue) {
        queues.remove(queue);
        for (var there : tiers.values()) there.forget(queue);
        queue.forgetWays();
    }

    /// The tiers with a free slot.
    public Iterable<TierQueues> open() {
        return open;
    }

    public boolean isOpen() {
        return !open.isEmpty();
    }

    /// Machines with a free slot for a build. Found once for all of a queue, as hundreds of them may be looked at
    /// in one plan; only one that a machine is kept free for can go where others of its queue can't.
    public PlacementCandidates candidates(WaitingBuild build, RequirementQueue queue, long now) {
        if (build.isKeeper()) return PlacementCandidates.of(openTo(queue), build, now);
        var known = queue.candidates(changes);
        if (known != null) return known;
        var found = PlacementCandidates.of(openTo(queue), build, now);
        queue.keep(found, changes);
        return found;
    }

    /// Cost: a look at each tier that is open, or that builds of the queue may go to, whichever are fewer.
    private List<TierCandidacy> openTo(RequirementQueue queue) {
        int all = queue.countOfWays();
        var ways = new ArrayList<TierCandidacy>(Math.min(open.size(), all));
        if (open.size() < all) {
            for (var there : open) {
                var way = there.wayOf(queue);
                if (way != null) ways.add(way);
            }
        } else {
            for (var way : queue.ways()) if (way.tier().hasFree()) ways.add(way);
        }
        return ways;
    }

    /// The objection of each machine, for a build that none fits. Cost: a look at each machine.
    public SortedMap<String, String> objections(SchedulingKey need) {
        var reasons = new TreeMap<String, String>();
        for (var slots : machines()) {
            if (slots.isGone() || need.excluded().contains(slots.name())) continue;
            Fitness.objection(slots.machine(), need).ifPresent(reason -> reasons.put(slots.name(), reason));
        }
        return reasons;
    }

    // ---- machines that are kept

    /// Lets nobody but a build have what becomes free on a machine.
    public void keep(MachineSlots slots, WaitingBuild build) {
        var place = place(slots.name());
        slots.keepFor(build);
        build.keeps(true);
        keepers.put(build, place);
        changesHands(place);
    }

    /// Ends that.
    public void stopKeeping(WaitingBuild build) {
        var kept = keepers.remove(build);
        if (kept == null) return;
        kept.slots.keepFor(null);
        build.keeps(false);
        changesHands(kept);
    }

    /// Ends it for all builds of a client, which may begin none of them now.
    ///
    /// @return whether a machine was kept for one
    public boolean stopKeepingFor(ClientShare client) {
        boolean any = false;
        for (var build : List.copyOf(keepers.keySet())) {
            if (build.client() != client) continue;
            stopKeeping(build);
            any = true;
        }
        return any;
    }

    private void changesHands(Place place) {
        place.at.tier().changed();
        changes++;
    }
}
