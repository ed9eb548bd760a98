package dispatcher.schedule;

import dispatcher.fleet.Machine;
import dispatcher.fleet.MachineHealth;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.Need;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The machines, sorted into tiers. Confined to whoever owns the scheduler.
final class Fleet {
    /// Speeds that differ by less than this factor count as the same.
    private static final double SPEED_STEP = 1.1;

    private static final double BANDWIDTH_STEP = 1.5;
    private static final Comparator<MachineSlots> FIRST_TO_RETURN = Comparator.<MachineSlots, Instant>comparing(
                    slots -> slots.health.asideUntil())
            .thenComparingInt(slots -> slots.index);

    private final Map<String, MachineSlots> machines = new LinkedHashMap<>();
    private final Map<TierKey, Tier> tiers = new LinkedHashMap<>();
    private final TreeSet<MachineSlots> aside = new TreeSet<>(FIRST_TO_RETURN);
    private int nextIndex;
    private long topology;

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

    /// Grows whenever a build may go to other tiers than before.
    long topology() {
        return topology;
    }

    Collection<MachineSlots> machines() {
        return machines.values();
    }

    @Nullable
    MachineSlots machine(String name) {
        return machines.get(name);
    }

    double capacity() {
        double capacity = 0;
        for (var tier : tiers.values()) capacity += tier.capacity();
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
        topology++;
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
            topology++;
        }
        tier.add(slots);
    }

    private void part(MachineSlots slots, Tier tier) {
        tier.remove(slots);
        if (!tier.isEmpty()) return;
        tiers.values().remove(tier);
        topology++;
    }

    /// Makes a change that may take the machine to another tier.
    void change(MachineSlots slots, Runnable change) {
        var tier = slots.tier;
        if (tier == null) throw new IllegalStateException(slots.machine.name() + " is in no tier");
        var key = TierKey.of(slots);
        aside.remove(slots);
        tier.unlist(slots);
        change.run();
        tier.list(slots);
        if (slots.aside) aside.add(slots);
        if (TierKey.of(slots).equals(key)) return;
        part(slots, tier);
        join(slots);
    }

    void start(RunningBuild build) {
        var tier = tierOf(build.slots);
        tier.unlist(build.slots);
        build.slots.add(build);
        tier.started(build);
        tier.list(build.slots);
    }

    void end(RunningBuild build) {
        var tier = tierOf(build.slots);
        tier.unlist(build.slots);
        build.slots.remove(build);
        tier.ended(build);
        tier.list(build.slots);
        forgetIfGone(build.slots);
    }

    private static Tier tierOf(MachineSlots slots) {
        var tier = slots.tier;
        if (tier == null) throw new IllegalStateException(slots.machine.name() + " is in no tier");
        return tier;
    }

    private void forgetIfGone(MachineSlots slots) {
        if (!slots.gone || !slots.running.isEmpty()) return;
        machines.remove(slots.machine.name());
        aside.remove(slots);
        part(slots, tierOf(slots));
    }

    void health(MachineSlots slots, MachineHealth health, boolean isAside) {
        change(slots, () -> {
            slots.health = health;
            slots.aside = isAside;
        });
    }

    /// Lets those back whose time aside is over.
    void letBack(Instant now) {
        while (!aside.isEmpty() && aside.first().health.isAvailable(now)) {
            var slots = aside.first();
            health(slots, slots.health, false);
        }
    }

    /// When the next of those set aside is back.
    Optional<Instant> nextReturn() {
        return aside.isEmpty()
                ? Optional.empty()
                : Optional.of(aside.first().health.asideUntil());
    }

    /// Finds the tiers that builds of a line may go to, if they are not those that it knows. Cost: a look at each
    /// tier.
    void settle(NeedLine line) {
        if (line.topology == topology) return;
        line.topology = topology;
        var fit = new ArrayList<Tier>();
        for (var tier : tiers.values()) if (isFit(tier, line.need)) fit.add(tier);
        line.tiers = List.copyOf(fit);
        line.extras = fit.stream()
                .mapToInt(tier -> tier.kind.extras(line.need.requiredFeatures()))
                .toArray();
    }

    private static boolean isFit(Tier tier, Need need) {
        for (var slots : tier.machines())
            if (!slots.gone && !need.excluded().contains(slots.machine.name()))
                return Fitness.objection(slots.machine, need).isEmpty();
        return false;
    }

    /// What speaks against each machine, for a build that none fits. Cost: a look at each machine.
    SortedMap<String, String> objections(Need need) {
        var reasons = new TreeMap<String, String>();
        for (var slots : machines.values()) {
            if (slots.gone || need.excluded().contains(slots.machine.name())) continue;
            Fitness.objection(slots.machine, need).ifPresent(reason -> reasons.put(slots.machine.name(), reason));
        }
        return reasons;
    }
}
