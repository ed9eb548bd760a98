package dispatcher.cli.top;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.cli.api.event.FleetEvent;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// How far builds on machines are, as events say it. Safe for any thread.
final class Phases {
    static final String COPYING = "copying in";
    static final String BUILDING = "building";

    /// Builds that are kept: more than run anywhere, and a bound.
    private static final int MOST = 20_000;

    /// By derivation, then by machine.
    @GuardedBy("this")
    private final Map<String, Map<String, String>> phases = new LinkedHashMap<>();

    synchronized void accept(FleetEvent event) {
        var drv = event.drv().orElse("");
        var machine = event.machine().orElse("");
        switch (event.type()) {
            case PLACED, DOUBLED -> put(drv, machine, COPYING);
            case BUILDING -> put(drv, machine, BUILDING);
            case LOST -> {
                var left = phases.get(drv);
                if (left != null && left.remove(machine) != null && left.isEmpty()) phases.remove(drv);
            }
            case ENDED -> {
                // A shared one ends without a machine, as an equal one has ended or goes on.
                if (!event.outcome().orElse("").equals("shared")) phases.remove(drv);
            }
            default -> {}
        }
    }

    @GuardedBy("this")
    private void put(String drv, String machine, String phase) {
        if (phases.size() >= MOST && !phases.containsKey(drv))
            phases.remove(phases.keySet().iterator().next());
        phases.computeIfAbsent(drv, _ -> new TreeMap<>()).put(machine, phase);
    }

    /// Before the events of another life of the dispatcher.
    synchronized void clear() {
        phases.clear();
    }

    /// @return a dash if no event has said so
    synchronized String of(String drv, String machine) {
        return phases.getOrDefault(drv, Map.of()).getOrDefault(machine, "-");
    }
}
