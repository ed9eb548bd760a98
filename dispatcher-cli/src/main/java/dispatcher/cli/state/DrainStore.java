package dispatcher.cli.state;

import java.io.IOException;
import java.util.SortedMap;

/// Where it is written down which machines are drained, by their names.
public interface DrainStore {
    /// @throws IOException if they cannot be read
    SortedMap<String, Drain> load() throws IOException;

    /// Puts these in the place of those that are written down.
    ///
    /// @throws IOException if they cannot be written; nothing has changed then
    void save(SortedMap<String, Drain> drained) throws IOException;
}
