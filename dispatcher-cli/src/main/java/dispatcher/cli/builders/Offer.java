package dispatcher.cli.builders;

import dispatcher.machine.Machine;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// What the fleet as a whole offers to Nix: one machine that can what any of them can.
///
/// @param systems           union of the machines' systems; not empty
/// @param maxJobs           so large that builds wait with us, where the choice of machine is made, and not in
///                          Nix
/// @param supportedFeatures union of what the machines support, those included that some insist on: derivations
///                          that require them must come through
/// @param mandatoryFeatures what every machine insists on, so that nothing else could be built anyway
public record Offer(
        SortedSet<String> systems,
        int maxJobs,
        SortedSet<String> supportedFeatures,
        SortedSet<String> mandatoryFeatures) {
    private static final int LEAST_JOBS = 1000;
    private static final int JOBS_FACTOR = 10;

    public Offer {
        systems = Collections.unmodifiableSortedSet(new TreeSet<>(systems));
        supportedFeatures = Collections.unmodifiableSortedSet(new TreeSet<>(supportedFeatures));
        mandatoryFeatures = Collections.unmodifiableSortedSet(new TreeSet<>(mandatoryFeatures));
        if (systems.isEmpty()) throw new IllegalArgumentException("an offer has a system");
    }

    /// Machines with `maxJobs` 0 are never chosen and so do not count.
    ///
    /// @throws IllegalArgumentException if no machine counts
    public static Offer of(Collection<Machine> fleet) {
        var machines = fleet.stream().filter(machine -> machine.maxJobs() > 0).toList();
        if (machines.isEmpty()) throw new IllegalArgumentException("no machine may build anything");
        var supported = union(machines.stream().map(Machine::supportedFeatures).toList());
        supported.addAll(union(machines.stream().map(Machine::mandatoryFeatures).toList()));
        var mandatory = new TreeSet<>(machines.getFirst().mandatoryFeatures());
        machines.forEach(machine -> mandatory.retainAll(machine.mandatoryFeatures()));
        long jobs = machines.stream().mapToLong(Machine::maxJobs).sum() * JOBS_FACTOR;
        return new Offer(
                union(machines.stream().map(Machine::systems).toList()),
                Math.clamp(jobs, LEAST_JOBS, Integer.MAX_VALUE),
                supported,
                mandatory);
    }

    private static SortedSet<String> union(List<SortedSet<String>> sets) {
        var union = new TreeSet<String>();
        sets.forEach(union::addAll);
        return union;
    }
}
