package dispatcher.schedule.policy;

import java.util.Map;
import java.util.TreeMap;

/// What must be on a machine before a build can begin, as far as is known.
///
/// @param bytes   of the NARs of all inputs
/// @param present of these, what is known to be on some machines; only machines that hold much
public record Inputs(long bytes, Map<String, Long> present) {
    public static final Inputs NONE = new Inputs(0, Map.of());

    public Inputs {
        if (bytes < 0) throw new IllegalArgumentException(bytes + " bytes are less than none");
        present = Map.copyOf(new TreeMap<>(present));
    }

    public static Inputs of(long bytes) {
        return new Inputs(bytes, Map.of());
    }

    /// Bytes that would have to be copied there; never below 0.
    public long missingOn(String machine) {
        return Math.max(0, bytes - present.getOrDefault(machine, 0L));
    }
}
