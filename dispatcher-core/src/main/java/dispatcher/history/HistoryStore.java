package dispatcher.history;

import dispatcher.nix.attributes.PackageName;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;

/// Where a [History] is written down, so that it outlives the process. Each method is done as a whole or not at all.
public interface HistoryStore {
    /// A package for one system.
    record Key(PackageName name, String system) {}

    /// @param machines by name
    record Contents(Map<String, MachineHistory> machines, Map<Key, PackageHistory> packages) {
        public Contents {
            machines = Map.copyOf(machines);
            packages = Map.copyOf(packages);
        }
    }

    /// All that is written down.
    ///
    /// @throws IOException if it cannot be read
    Contents load() throws IOException;

    /// Puts these in the place of what is written down of the same machines and packages.
    ///
    /// @param forgotten packages to be dropped, for all systems
    /// @throws IOException if they cannot be written; nothing has changed then
    void save(Contents changed, Collection<PackageName> forgotten) throws IOException;

    /// Removes all packages and machines and writes these.
    void replaceAll(Contents all) throws IOException;
}
