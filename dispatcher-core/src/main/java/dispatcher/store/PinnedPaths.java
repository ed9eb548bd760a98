package dispatcher.store;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What a store has and keeps from being collected as garbage as long as one conversation lasts: the paths, so that
/// they need not be asked for again, and how much of it came there by this conversation.
///
/// Changed by one thread at a time. The paths are read by others too.
final class PinnedPaths {
    /// About 100 bytes each, since the paths themselves are known to others too.
    private static final int MOST = 50_000;

    private final Set<StorePath> paths = ConcurrentHashMap.newKeySet();

    /// Outputs that were built, and whose sizes the store has not told yet.
    private final Set<StorePath> unsized = new HashSet<>();

    private int builds;
    private long bytes;

    boolean has(StorePath path) {
        return paths.contains(path);
    }

    /// The store has them.
    void add(Collection<StorePath> more) {
        if (paths.size() + more.size() > MOST) paths.clear();
        if (more.size() <= MOST) paths.addAll(more);
    }

    /// They were sent there.
    void added(Collection<PathInfo> infos) {
        add(infos.stream().map(PathInfo::path).toList());
        for (var info : infos) bytes += info.narSize();
    }

    /// A build begins there.
    void builds(BasicDerivation derivation) {
        builds++;
        for (var output : derivation.outputs().values()) output.path().ifPresent(unsized::add);
    }

    /// It is over.
    void built(BuildResult result) {
        result.outputs().values().stream().map(Realisation::outPath).forEach(unsized::add);
        if (!result.isSuccess() || unsized.size() > MOST) unsized.clear();
    }

    /// The store says what these are.
    void told(Collection<PathInfo> infos) {
        for (var info : infos) if (unsized.remove(info.path())) bytes += info.narSize();
    }

    /// The store has refused something: perhaps it does not have them any more.
    void forget() {
        paths.clear();
    }

    /// Whether so many builds were begun, or so many bytes sent or built. Sizes of outputs count once they are known.
    boolean isAtLeast(int mostBuilds, long mostBytes) {
        return builds >= mostBuilds || bytes >= mostBytes;
    }
}
