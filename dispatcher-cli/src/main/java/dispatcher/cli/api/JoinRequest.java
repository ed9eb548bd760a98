package dispatcher.cli.api;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// That a machine is to be used from now on.
///
/// @param machine keys and values as of an entry of `machines` in the settings; `hostName` at least
/// @param persist whether it stays over a restart, with a file in `machines.d`
public record JoinRequest(SortedMap<String, Object> machine, boolean persist) {
    public static final String ADD_PATH = "/api/v1/machines/add";
    public static final String REMOVE_PATH = "/api/v1/machines/remove";

    public JoinRequest {
        machine = Collections.unmodifiableSortedMap(new TreeMap<>(machine));
    }

    public static JoinRequest of(Map<String, Object> machine, boolean persist) {
        return new JoinRequest(new TreeMap<>(machine), persist);
    }

    /// That a machine that was added is to be used no more.
    ///
    /// @param machine its name
    public record Leave(String machine) {}

    /// What came of adding or removing a machine.
    ///
    /// @param name    of the machine
    /// @param changes what is otherwise now, a line each
    /// @param file    that was written or removed; absent if the machine is known until the next start only
    public record Answer(String name, List<String> changes, Optional<String> file) {
        public Answer {
            changes = List.copyOf(changes);
        }
    }
}
