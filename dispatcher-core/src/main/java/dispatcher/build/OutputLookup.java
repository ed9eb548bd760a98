package dispatcher.build;

import dispatcher.nix.StorePath;
import java.io.IOException;
import java.util.Collection;

/// Whether outputs are there already for the client that wants a build. On the client's thread.
public interface OutputLookup {
    /// Whether machines have all of these outputs; from then on the client can fetch them.
    boolean areOnMachines(Collection<StorePath> outputs) throws InterruptedException;

    /// Whether the client can fetch these outputs of an equal build, for which it has waited.
    boolean canBeFetched(Collection<StorePath> outputs) throws IOException, InterruptedException;
}
