package dispatcher.cli.state;

import java.io.IOException;
import java.util.SortedSet;

/// Where the names of drained machines are written down.
public interface DrainStore {
    /// @throws IOException if they cannot be read
    SortedSet<String> load() throws IOException;

    /// Puts these in the place of those that are written down.
    ///
    /// @throws IOException if they cannot be written; nothing has changed then
    void save(SortedSet<String> names) throws IOException;
}
