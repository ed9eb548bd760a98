package dispatcher.schedule.policy;

import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Nix's own rule: of the machines with a free slot the one with the lowest load by speed; then the faster one; then
/// the one
/// with fewer builds; then the first in the settings.
///
/// Cost: one pass over the machines.
/// Source: Nix 2.34, `src/nix/build-remote/build-remote.cc`.
public final class NixPolicy implements PlacementPolicy {
    @Override
    public Placement place(BuildRequest request, List<MachineState> machines) {
        var objections = new TreeMap<String, String>();
        boolean fits = false;
        @Nullable MachineState best = null;
        for (var machine : machines) {
            var objection = Fitness.objection(machine.machine(), request);
            if (objection.isPresent()) {
                objections.put(machine.machine().name(), objection.get());
                continue;
            }
            fits = true;
            if (machine.available() && machine.hasFreeSlot() && (best == null || isBetter(machine, best)))
                best = machine;
        }
        if (best != null) return new Placement.Chosen(best.machine(), reason(best));
        return fits ? new Placement.Busy() : new Placement.Impossible(objections);
    }

    private static boolean isBetter(MachineState one, MachineState other) {
        int byLoad = Double.compare(load(one), load(other));
        if (byLoad != 0) return byLoad < 0;
        int bySpeed =
                Double.compare(one.machine().speedFactor(), other.machine().speedFactor());
        if (bySpeed != 0) return bySpeed > 0;
        return one.running() < other.running();
    }

    private static double load(MachineState machine) {
        return machine.running() / machine.machine().speedFactor();
    }

    private static String reason(MachineState best) {
        return "least loaded for its speed: %d of %d slots taken, speed %s"
                .formatted(
                        best.running(),
                        best.machine().maxJobs(),
                        String.format(Locale.ROOT, "%.4g", best.machine().speedFactor())
                                .replaceAll("\\.?0+$", ""));
    }
}
