package dispatcher.store.conversation;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.Verify;
import dispatcher.store.conversation.StoreGuard.Next;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Predicate;

/// A store with guards around it. Each operation is made into a [StoreCall] and passes through all of them; a
/// subclass may answer single operations itself, before the guards see them.
///
/// To be used as the store itself is, and by as many threads.
public class GuardedStore implements Store {
    private final Store store;
    private final Next first;

    /// Passes all on but for what the subclass answers.
    protected GuardedStore(Store store) {
        this(store, List.of());
    }

    /// @param guards the outermost first
    public GuardedStore(Store store, List<? extends StoreGuard> guards) {
        this.store = store;
        Next next = new Innermost(store);
        for (var guard : guards.reversed()) next = new Guarded(guard, next);
        this.first = next;
    }

    private record Innermost(Store store) implements Next {
        @Override
        public <T> T make(StoreCall<T> call) throws IOException, InterruptedException {
            return call.on(store);
        }
    }

    private record Guarded(StoreGuard guard, Next inner) implements Next {
        @Override
        public <T> T make(StoreCall<T> call) throws IOException, InterruptedException {
            return guard.around(call, inner);
        }
    }

    // ---- what the store has

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        return first.make(new StoreCall.ValidPaths(paths, expected, substitute));
    }

    @Override
    public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return first.make(new StoreCall.SubstitutablePaths(paths));
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() throws IOException, InterruptedException {
        return first.make(new StoreCall.AllValidPaths());
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        return first.make(new StoreCall.Info(path));
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return first.make(new StoreCall.Infos(paths));
    }

    @Override
    public Optional<Realisation> queryRealisation(RealisationId id) throws IOException, InterruptedException {
        return first.make(new StoreCall.KnownRealisation(id));
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        return first.make(new StoreCall.Nar(path, verify, sink));
    }

    // ---- what it takes

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        var _ = first.make(new StoreCall.Add(paths));
    }

    @Override
    public void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        var _ = first.make(new StoreCall.Register(realisation));
    }

    @Override
    public void fetchPromised() throws IOException, InterruptedException {
        var _ = first.make(new StoreCall.FetchPromised());
    }

    // ---- what it builds

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return first.make(new StoreCall.Build(drvPath, derivation, options, log));
    }

    @Override
    public BuildResult buildStoredDerivation(StorePath drvPath, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return first.make(new StoreCall.BuildStored(drvPath, options, log));
    }

    @Override
    public void close() {
        store.close();
    }
}
