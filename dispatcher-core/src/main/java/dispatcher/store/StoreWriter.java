package dispatcher.store;

import dispatcher.nix.Realisation;
import java.io.IOException;
import java.util.List;

/// Takes paths into a store.
///
/// Each method blocks. It throws [StoreRefusedException] if the store says no and may be asked further.
public interface StoreWriter {
    /// Adds paths, each after those it refers to. All of them are valid when this returns; if it throws, those
    /// before the one at fault may be.
    void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException;

    /// Has the store know which path an output has, which must be there.
    default void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        throw new StoreRefusedException("this store keeps no realisations");
    }

    /// Has that be there which [StoreReader#queryValidPaths] called valid because it can be fetched. For clients
    /// that copy paths and have nothing built, for which it would be fetched.
    ///
    /// @throws StoreRefusedException if some of it is not there; it is not called valid a second time
    default void fetchPromised() throws IOException, InterruptedException {}
}
