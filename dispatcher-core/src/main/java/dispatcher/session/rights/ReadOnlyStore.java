package dispatcher.session.rights;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.conversation.GuardedStore;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.function.Predicate;

/// Answers questions and hands out NARs, and takes nothing: what `nix-store --serve` without `--write` does.
/// Confined to the conversation's thread.
public final class ReadOnlyStore extends GuardedStore {
    public ReadOnlyStore(Store store) {
        super(store);
    }

    private static StoreRefusedException refuse(String what) {
        return new StoreRefusedException(what + " is not allowed: your key permits `nix-store --serve` only, without"
                + " --write (its line in authorized_keys says so)");
    }

    /// Nothing is fetched for a client that may only read.
    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        return super.queryValidPaths(paths, expected, false);
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        throw refuse("an upload");
    }

    @Override
    public void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        throw refuse("a realisation");
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        throw refuse("a build");
    }

    @Override
    public BuildResult buildStoredDerivation(StorePath drvPath, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        throw refuse("a build");
    }
}
