package dispatcher.machine.registry;

import dispatcher.event.DispatcherListener;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.attributes.DerivationAttributes;
import dispatcher.schedule.policy.Refused;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/// Which kinds of builds machines have refused, as their own settings keep them from those. Such a build goes to
/// another machine while there is one; the machine that refused is good for all others. It is asked again after a
/// minute, then after two, four … and an hour at most, by one build at a time, and at once if no other machine is
/// left.
///
/// Safe for any thread.
public final class Refusals {
    private static final Duration FIRST = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final int MOST_DOUBLINGS = 6;

    /// Kinds of builds that are kept of each machine: clients choose what they require.
    private static final int MOST_NEEDS = 32;

    private static final int LONGEST_NEED = 1000;

    private final RegisteredMachines machines;
    private final DispatcherListener listener;
    private final InstantSource clock;
    private final LongSupplier nanoTime;

    /// By machine, what it has refused, the oldest first. The maps in it never change, but are replaced.
    private final Map<String, Map<Need, Refusal>> refused = new ConcurrentHashMap<>();

    private record Need(Unfit unfit, String words) {}

    /// @param times how often in a row
    /// @param until in nanoseconds: it is not asked before that
    /// @param shown the same, for people
    private record Refusal(String reason, int times, long until, Instant shown) {}

    /// What a build needs of a machine's settings: each may be what a machine refuses.
    public static final class Needs {
        public static final Needs NONE = new Needs(Set.of());

        private final Set<Need> needs;

        private Needs(Set<Need> needs) {
            this.needs = needs;
        }

        /// @throws dispatcher.nix.NixSyntaxException if attributes of the derivation cannot be read
        public static Needs of(BasicDerivation derivation) {
            var attributes = DerivationAttributes.of(derivation);
            var needs = new HashSet<Need>();
            for (var unfit : Unfit.values())
                unfit.need(derivation, attributes)
                        .filter(words -> words.length() <= LONGEST_NEED)
                        .ifPresent(words -> needs.add(new Need(unfit, words)));
            return new Needs(Set.copyOf(needs));
        }
    }

    Refusals(RegisteredMachines machines, DispatcherListener listener, InstantSource clock, LongSupplier nanoTime) {
        this.machines = machines;
        this.listener = listener;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    /// A machine would not do a build, as it said in a new conversation.
    public void add(MachineLink link, Needs needs, Unfit unfit, String reason) {
        var machine = link.machine().name();
        if (!machines.isCurrent(link)) return;
        for (var need : needs.needs) {
            if (need.unfit != unfit) continue;
            var pause = new AtomicReference<>(FIRST);
            change(machine, known -> {
                var before = known.remove(need);
                int times = before == null ? 1 : before.times + 1;
                pause.set(pauseAfter(times));
                known.put(need, refusal(reason, times, pause.get()));
                while (known.size() > MOST_NEEDS)
                    known.remove(known.keySet().iterator().next());
            });
            listener.machineRefuses(machine, need.words, reason, pause.get());
        }
        // Replaced meanwhile, by somebody who may not have seen this.
        if (!machines.isCurrent(link)) forget(Set.of(machine));
    }

    private Refusal refusal(String reason, int times, Duration pause) {
        return new Refusal(
                reason,
                times,
                nanoTime.getAsLong() + pause.toNanos(),
                clock.instant().plus(pause));
    }

    private static Duration pauseAfter(int times) {
        var pause = FIRST.multipliedBy(1L << Math.min(times - 1, MOST_DOUBLINGS));
        return pause.compareTo(LONGEST) > 0 ? LONGEST : pause;
    }

    /// Whether a build may ask a machine, for all that is known. Of those that may ask again what was refused, the
    /// first is told so, and the others not before it should have its answer.
    public boolean mayAsk(String machine, Needs needs) {
        if (known(machine, needs).isEmpty()) return true;
        if (stands(machine, needs)) return false;
        change(
                machine,
                known -> known.replaceAll((need, refusal) ->
                        needs.needs.contains(need) ? refusal(refusal.reason, refusal.times, FIRST) : refusal));
        return true;
    }

    /// Machines that it must not go to next.
    ///
    /// @param excluded those that it must not go to anyway
    /// @param usable   machines that fit and are not set aside
    public Set<String> excluding(Needs needs, Set<String> usable, Set<String> excluded) {
        if (refused.isEmpty()) return excluded;
        var all = new HashSet<>(excluded);
        for (var machine : usable) if (stands(machine, needs)) all.add(machine);
        boolean others = usable.stream().anyMatch(machine -> !all.contains(machine) && machines.takesBuilds(machine));
        return others ? all : excluded;
    }

    private boolean stands(String machine, Needs needs) {
        long now = nanoTime.getAsLong();
        return known(machine, needs).stream().anyMatch(refusal -> refusal.until - now > 0);
    }

    private List<Refusal> known(String machine, Needs needs) {
        var known = refused.getOrDefault(machine, Map.of());
        if (known.isEmpty()) return List.of();
        var refusals = new ArrayList<Refusal>();
        known.forEach((need, refusal) -> {
            if (needs.needs.contains(need)) refusals.add(refusal);
        });
        return refusals;
    }

    /// A machine has begun a build: it does not refuse what that needs.
    public void began(MachineLink link, Needs needs) {
        var machine = link.machine().name();
        if (known(machine, needs).isEmpty() || !machines.isCurrent(link)) return;
        var over = new HashSet<Need>();
        change(machine, known -> {
            over.clear();
            for (var need : needs.needs) if (known.remove(need) != null) over.add(need);
        });
        for (var need : over) listener.machineRefusesNoLonger(machine, need.words);
    }

    /// These machines are gone, or described otherwise now.
    void forget(Collection<String> names) {
        for (var machine : names) if (refused.remove(machine) != null) noteFacts(machine);
    }

    private interface Change {
        void make(Map<Need, Refusal> known);
    }

    private void change(String machine, Change change) {
        refused.compute(machine, (_, before) -> {
            var now = new LinkedHashMap<Need, Refusal>(before == null ? Map.of() : before);
            change.make(now);
            return now.isEmpty() ? null : Collections.unmodifiableMap(now);
        });
        noteFacts(machine);
    }

    /// It looks up what is known while nobody else changes the machine, so that the latest is noted in the end.
    private void noteFacts(String machine) {
        machines.change(machine, snapshot -> snapshot.withFacts(snapshot.facts().withRefused(refusedBy(machine))));
    }

    private List<Refused> refusedBy(String machine) {
        return refused.getOrDefault(machine, Map.of()).entrySet().stream()
                .map(entry -> new Refused(entry.getKey().words, entry.getValue().reason, entry.getValue().shown))
                .toList();
    }
}
