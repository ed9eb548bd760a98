package dispatcher.store;

import dispatcher.nix.PathInfo;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;

/// A path on its way into a store: what is said of it, and where its NAR comes from.
///
/// @param info with the hash and the size that the NAR must turn out to have
public record NarToAdd(PathInfo info, NarSource nar) {
    /// Hands out a NAR, once, as a stream of chunks.
    public interface NarSource {
        /// Writes the whole NAR to `sink`, without flushing or closing it.
        ///
        /// @return what was written, for the receiver to compare with the path's info
        NarSummary writeTo(OutputStream sink) throws IOException, InterruptedException;
    }
}
