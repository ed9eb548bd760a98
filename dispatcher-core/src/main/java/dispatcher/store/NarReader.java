package dispatcher.store;

import dispatcher.nix.StorePath;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;

/// Hands out NARs.
public interface NarReader {
    /// Writes the NAR of a path to `sink` as it arrives, without flushing or closing it. If this throws, `sink`
    /// may have got a part.
    ///
    /// @param verify which end finds out whether it is the right one, and so what the summary can be relied on for
    /// @return what it was
    /// @throws StoreRefusedException if the path is not there
    NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) throws IOException, InterruptedException;
}
