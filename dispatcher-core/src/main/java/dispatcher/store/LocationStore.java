package dispatcher.store;

import dispatcher.nix.StorePath;
import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/// Where [Locations] are written down, so that they outlive the process. Safe for any thread; each method is done
/// as a whole or not at all.
public interface LocationStore {
    /// Keeps nothing.
    LocationStore NONE = new LocationStore() {
        @Override
        public void load(Consumer<KnownPath> each) {}

        @Override
        public void save(Collection<KnownPath> paths) {}

        @Override
        public void replaceAll(Collection<KnownPath> paths) {}
    };

    /// What is known of a path.
    ///
    /// @param machines that may have it; empty if none is known
    /// @param contents what it may hold, the newest last
    record KnownPath(StorePath path, SortedSet<String> machines, List<Fingerprint> contents) {
        public KnownPath {
            machines = Collections.unmodifiableSortedSet(new TreeSet<>(machines));
            contents = List.copyOf(contents);
        }
    }

    /// Hands out all that is written down, in any order.
    ///
    /// @throws IOException if it cannot be read, or not all of it
    void load(Consumer<KnownPath> each) throws IOException;

    /// Puts these in the place of what is written down of the same paths. Of a path without machines nothing is
    /// kept.
    ///
    /// @throws IOException if they cannot be written; nothing has changed then
    void save(Collection<KnownPath> paths) throws IOException;

    /// The same, and removes all others.
    void replaceAll(Collection<KnownPath> paths) throws IOException;
}
