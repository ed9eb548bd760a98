package dispatcher.testkit;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.conversation.GuardedStore;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// A store that knows what it may not collect as garbage for this conversation: what it was asked for and has,
/// what it was sent, and what it built.
final class PinningStore extends GuardedStore {
    private final Set<StorePath> pinned = ConcurrentHashMap.newKeySet();

    PinningStore(Store store) {
        super(store);
    }

    Set<StorePath> pinned() {
        return new TreeSet<>(List.copyOf(pinned));
    }

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        var valid = super.queryValidPaths(paths, expected, substitute);
        pinned.addAll(valid);
        return valid;
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        super.addToStore(paths);
        for (var path : paths) pinned.add(path.info().path());
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        var result = super.buildDerivation(drvPath, derivation, options, log);
        if (!result.isSuccess()) return result;
        derivation.outputs().values().forEach(output -> output.path().ifPresent(pinned::add));
        result.outputs().values().stream().map(Realisation::outPath).forEach(pinned::add);
        return result;
    }
}
