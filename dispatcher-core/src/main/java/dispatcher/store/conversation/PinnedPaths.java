package dispatcher.store.conversation;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import dispatcher.store.NarToAdd;
import dispatcher.store.StoreRefusedException;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/// What a store has and keeps from being collected as garbage as long as one conversation lasts: the paths, so that
/// they need not be asked for again, and how much of it came there by this conversation. When the store refuses
/// anything, the paths are forgotten: perhaps it does not have them any more.
///
/// Changed by one thread at a time. The paths are read by others too.
final class PinnedPaths implements StoreGuard {
    /// About 100 bytes each, since the paths themselves are known to others too.
    private static final int MOST_PATHS = 50_000;

    private final Set<StorePath> paths = ConcurrentHashMap.newKeySet();

    /// Outputs that were built, and whose sizes the store has not reported yet.
    private final Set<StorePath> unsized = new HashSet<>();

    private int builds;
    private long bytes;

    boolean has(StorePath path) {
        return paths.contains(path);
    }

    /// Whether a number of builds were begun, or of bytes sent or built. Sizes of outputs count once they are known.
    boolean isAtLeast(int mostBuilds, long mostBytes) {
        return builds >= mostBuilds || bytes >= mostBytes;
    }

    @Override
    @SuppressWarnings("unchecked") // Which type an answer has follows from the kind of its call.
    public <T> T around(StoreCall<T> call, Next next) throws IOException, InterruptedException {
        if (call instanceof StoreCall.ValidPaths asked) return (T) validPaths(asked, next);
        if (call instanceof StoreCall.Build build) begins(build.derivation());
        var answer = made(call, next);
        switch (call) {
            case StoreCall.Info _ ->
                sized(((Optional<PathInfo>) answer).stream().toList());
            case StoreCall.Infos _ -> sized(((Map<StorePath, PathInfo>) answer).values());
            case StoreCall.Add(var added) -> added(added);
            case StoreCall.Build _ -> built((BuildResult) answer);
            default -> {}
        }
        return answer;
    }

    /// Asks for what is not known to be there.
    private SortedSet<StorePath> validPaths(StoreCall.ValidPaths asked, Next next)
            throws IOException, InterruptedException {
        var valid = new TreeSet<StorePath>();
        var unknown = new TreeSet<StorePath>();
        for (var path : asked.paths()) (has(path) ? valid : unknown).add(path);
        if (unknown.isEmpty()) return valid;
        var found = made(new StoreCall.ValidPaths(unknown, asked.expected(), asked.substitute()), next);
        keep(found);
        valid.addAll(found);
        return valid;
    }

    private <T> T made(StoreCall<T> call, Next next) throws IOException, InterruptedException {
        try {
            return next.make(call);
        } catch (StoreRefusedException e) {
            paths.clear();
            throw e;
        }
    }

    private void keep(Collection<StorePath> more) {
        if (paths.size() + more.size() > MOST_PATHS) paths.clear();
        if (more.size() <= MOST_PATHS) paths.addAll(more);
    }

    private void added(Collection<NarToAdd> added) {
        keep(added.stream().map(path -> path.info().path()).toList());
        for (var path : added) bytes += path.info().narSize();
    }

    private void begins(BasicDerivation derivation) {
        builds++;
        for (var output : derivation.outputs().values()) output.path().ifPresent(unsized::add);
    }

    private void built(BuildResult result) {
        result.outputs().values().stream().map(Realisation::outPath).forEach(unsized::add);
        if (!result.isSuccess() || unsized.size() > MOST_PATHS) unsized.clear();
    }

    private void sized(Collection<PathInfo> infos) {
        for (var info : infos) if (unsized.remove(info.path())) bytes += info.narSize();
    }
}
