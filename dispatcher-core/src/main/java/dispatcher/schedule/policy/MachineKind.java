package dispatcher.schedule.policy;

import dispatcher.machine.Machine;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/// All that decides which builds a machine is fit for.
public record MachineKind(
        SortedSet<String> systems,
        SortedSet<String> supported,
        SortedSet<String> mandatory,
        SortedMap<String, Long> resources,
        boolean hasSlots) {
    public static MachineKind of(Machine machine) {
        return new MachineKind(
                machine.systems(),
                machine.supportedFeatures(),
                machine.mandatoryFeatures(),
                machine.resources(),
                machine.maxJobs() > 0);
    }

    /// Features, and resources other than memory, that it offers beyond what a build needs: by these it is spared.
    public int extras(SortedSet<String> required) {
        var offered = new TreeSet<>(supported);
        offered.addAll(mandatory);
        offered.removeAll(required);
        int scarce = (int) resources.keySet().stream()
                .filter(name -> !name.equals(Machine.MEMORY))
                .count();
        return offered.size() + scarce;
    }
}
