package dispatcher.schedule.policy;

import dispatcher.fleet.Machine;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// What a policy says to a build.
public sealed interface Placement {
    /// @param reason why this machine, for people; one line
    record Chosen(Machine machine, String reason) implements Placement {}

    /// A machine that fits is there, and none has a free slot now.
    record Busy() implements Placement {}

    /// No machine could ever do it.
    ///
    /// @param reasons machine name to what speaks against it
    record Impossible(SortedMap<String, String> reasons) implements Placement {
        public Impossible {
            reasons = Collections.unmodifiableSortedMap(new TreeMap<>(reasons));
        }
    }
}
