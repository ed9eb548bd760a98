package dispatcher.build;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.PathSource;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/// Where the inputs of a build are, and how to read them. A build copies from here what its machine lacks.
///
/// For one thread at a time; another thread needs a [#fork] of its own.
public interface BuildInputs extends PathSource {
    /// Whether machines may fetch from their substituters what they lack.
    boolean substitutes();

    /// What is known of those of `paths` that no machine has to be asked about.
    Map<StorePath, PathInfo> knownInfos(Collection<StorePath> paths) throws IOException, InterruptedException;

    /// Why none of `paths` came from a machine that has it; empty if no machine that was asked has one.
    Optional<String> unproven(Collection<StorePath> paths);

    /// Gets back inputs that could not be read: waits for a machine that has them, or has them built once more. A
    /// build must not hold a slot while it calls this, since this may wait for one.
    ///
    /// @param reason why they could not be read, for people
    /// @return whether it is worth while to try again
    boolean recover(Collection<StorePath> paths, String reason) throws InterruptedException;

    /// Ends the conversations in which the build was stopped in the middle of a request.
    void dropBrokenOff();

    /// The same inputs for another thread, to be closed by it. To be called while nothing else here is under way.
    Fork fork();

    /// Inputs with an end.
    interface Fork extends BuildInputs, AutoCloseable {
        @Override
        void close();
    }
}
