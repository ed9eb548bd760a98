package dispatcher.schedule;

import dispatcher.machine.Machine;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.MachineKind;
import dispatcher.schedule.policy.SchedulingKey;
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

/// The machines, sorted into tiers. Confined to whoever owns the scheduler.
final class Fleet {
    /// Speeds that differ by less than this factor count as the same.
    private static final double SPEED_STEP = 1.1;

    private static final double BANDWIDTH_STEP = 1.5;

    private final Map<String, MachineSlots> machines = new LinkedHashMap<>();
    private final Map<TierKey, Tier> tiers = new LinkedHashMap<>();
    private final Set<Tier> open = new LinkedHashSet<>();
    private final Set<RequirementQueue> lines = new LinkedHashSet<>();

    /// Those that machines are kept for.
    private final Set<WaitingBuild> keepers = new LinkedHashSet<>();

    private int nextIndex;
    private long version;
    private long changes;
    private long reckoned = -1;
    private double capacity;

    private record TierKey(MachineKind kind, long speed, long bandwidth) {
        static TierKey of(MachineSlots slots) {
            return new TierKey(
                    MachineKind.of(slots.machine),
                    step(slots.facts.speed(), SPEED_STEP),
                    step(slots.facts.bandwidth(), BANDWIDTH_STEP));
        }

        private static long step(double value, double step) {
            return Math.round(Math.log(value) / Math.log(step));
        }
    }

    /// Grows whenever machines change by more than what runs there.
    long version() {
        return version;
    }

    /// Grows whenever it may change which machine with a free slot is the least loaded of those that take a build.
    long changes() {
        return changes;
    }

    /// The tiers with a free slot.
    Collection<Tier> open() {
        return open;
    }

    /// Those of them that a line may go to. Cost: a look at each tier that is open, or that it may go to, whichever
    /// are
    /// fewer.
    List<TierCandidacy> openTo(RequirementQueue line) {
        var ways = new ArrayList<TierCandidacy>(Math.min(open.size(), line.ways.size()));
        if (open.size() < line.ways.size()) {
            for (var tier : open) {
                var way = tier.wayOf(line);
                if (way != null) ways.add(way);
            }
        } else {
            for (var way : line.ways) if (way.tier.hasFree()) ways.add(way);
        }
        return ways;
    }

    Collection<MachineSlots> machines() {
        return machines.values();
    }

    @Nullable
    MachineSlots machine(String name) {
        return machines.get(name);
    }

    /// Slots times speed of all that may be given builds. Cost: a look at each tier if machines have changed since.
    double capacity() {
        if (reckoned != version) {
            reckoned = version;
            capacity = 0;
            for (var tier : tiers.values()) capacity += tier.capacity();
        }
        return capacity;
    }

    /// Makes these the machines. Those that are no more in it keep what runs there, and get nothing more.
    void replace(Collection<Machine> wanted) {
        var names = new HashSet<String>();
        for (var machine : wanted) {
            names.add(machine.name());
            var slots = machines.get(machine.name());
            if (slots == null) add(machine);
            else
                change(slots, () -> {
                    boolean sameSpeed = slots.machine.speedFactor() == machine.speedFactor();
                    slots.machine = machine;
                    slots.gone = false;
                    if (!sameSpeed) slots.facts = slots.facts.withSpeed(machine.speedFactor());
                });
        }
        for (var slots : new ArrayList<>(machines.values())) {
            if (names.contains(slots.machine.name())) continue;
            change(slots, () -> slots.gone = true);
            forgetIfGone(slots);
        }
        for (var line : lines) line.possible = isPossible(line);
        version++;
    }

    private void add(Machine machine) {
        var slots = new MachineSlots(nextIndex++, machine);
        machines.put(machine.name(), slots);
        join(slots);
    }

    private void join(MachineSlots slots) {
        var key = TierKey.of(slots);
        var tier = tiers.get(key);
        if (tier == null) {
            tier = new Tier(key.kind(), slots.facts.speed(), slots.facts.bandwidth());
            tiers.put(key, tier);
            for (var line : lines) if (Fitness.isFit(slots.machine, line.need)) tier.join(line);
        }
        tier.add(slots);
        note(tier);
        version++;
    }

    private void part(MachineSlots slots, Tier tier) {
        tier.remove(slots);
        note(tier);
        version++;
        if (!tier.isEmpty()) return;
        tiers.values().remove(tier);
        for (var line : List.copyOf(tier.lines())) tier.part(line);
    }

    /// To be called after a tier may have got a free slot, or lost its last.
    private void note(Tier tier) {
        changes++;
        if (tier.hasFree()) open.add(tier);
        else open.remove(tier);
    }

    /// Makes a change that may take the machine to another tier.
    void change(MachineSlots slots, Runnable change) {
        var tier = slots.tier();
        var key = TierKey.of(slots);
        tier.unlist(slots);
        change.run();
        tier.list(slots);
        note(tier);
        version++;
        if (TierKey.of(slots).equals(key)) return;
        part(slots, tier);
        join(slots);
    }

    void start(RunningBuild build) {
        var tier = build.slots.tier();
        tier.unlist(build.slots);
        build.slots.add(build);
        tier.started(build);
        tier.list(build.slots);
        note(tier);
    }

    void end(RunningBuild build) {
        var tier = build.slots.tier();
        tier.unlist(build.slots);
        build.slots.remove(build);
        tier.ended(build);
        tier.list(build.slots);
        note(tier);
        forgetIfGone(build.slots);
    }

    /// Lets nobody but a build have what becomes free on a machine.
    void keep(MachineSlots slots, WaitingBuild build) {
        slots.keptFor = build;
        build.keeps = slots;
        keepers.add(build);
        changesHands(slots);
    }

    /// Ends that.
    void stopKeeping(WaitingBuild build) {
        var kept = build.keeps;
        if (kept == null) return;
        kept.keptFor = null;
        build.keeps = null;
        keepers.remove(build);
        changesHands(kept);
    }

    /// Ends it for all builds of a client, which may begin none of them now.
    ///
    /// @return whether a machine was kept for one
    boolean stopKeepingFor(ClientShare client) {
        boolean any = false;
        for (var build : List.copyOf(keepers)) {
            if (build.client != client) continue;
            stopKeeping(build);
            any = true;
        }
        return any;
    }

    private void changesHands(MachineSlots slots) {
        if (slots.tier != null) slots.tier.changed();
        changes++;
    }

    private void forgetIfGone(MachineSlots slots) {
        if (!slots.gone || !slots.running.isEmpty()) return;
        machines.remove(slots.machine.name());
        part(slots, slots.tier());
    }

    /// Finds the tiers that builds of a line may go to, and keeps that up to date until it is detached. Cost: a look
    /// at
    /// each tier.
    void attach(RequirementQueue line) {
        lines.add(line);
        for (var tier : tiers.values())
            if (Fitness.isFit(tier.machines().iterator().next().machine, line.need)) tier.join(line);
        line.possible = isPossible(line);
    }

    void detach(RequirementQueue line) {
        lines.remove(line);
        for (var way : List.copyOf(line.ways)) way.tier.part(line);
    }

    private static boolean isPossible(RequirementQueue line) {
        for (var way : line.ways)
            for (var slots : way.tier.machines())
                if (!slots.gone && !line.need.excluded().contains(slots.machine.name())) return true;
        return false;
    }

    /// What speaks against each machine, for a build that none fits. Cost: a look at each machine.
    SortedMap<String, String> objections(SchedulingKey need) {
        var reasons = new TreeMap<String, String>();
        for (var slots : machines.values()) {
            if (slots.gone || need.excluded().contains(slots.machine.name())) continue;
            Fitness.objection(slots.machine, need).ifPresent(reason -> reasons.put(slots.machine.name(), reason));
        }
        return reasons;
    }
}
