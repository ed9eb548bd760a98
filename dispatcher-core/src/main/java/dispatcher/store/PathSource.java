package dispatcher.store;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/// Where paths can be had from, to be copied elsewhere.
public interface PathSource {
    /// What is known of `path`; empty if it cannot be had here.
    Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException;

    /// Writes the NAR of a path that [#info] knows, for a receiver that compares its hash with what that says.
    ///
    /// @return how many bytes it had
    long copyNar(StorePath path, OutputStream sink) throws IOException, InterruptedException;
}
