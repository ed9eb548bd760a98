package dispatcher.build.control;

import dispatcher.nix.StorePath;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/// The builds that wait for a machine or run, and how operators stop them. Clients that ask for an equal build share
/// what becomes of it. Safe for any thread.
public final class BuildControls {
    private final Set<BuildControl> builds = ConcurrentHashMap.newKeySet();

    /// A build is about to begin; the result is to be closed when it is over.
    public Listed add(BuildControl build) {
        builds.add(build);
        return new Listed(build);
    }

    /// See [#add].
    public final class Listed implements AutoCloseable {
        private final BuildControl build;

        private Listed(BuildControl build) {
            this.build = build;
        }

        @Override
        public void close() {
            builds.remove(build);
        }
    }

    /// What waits or runs now.
    public SortedSet<StorePath> drvPaths() {
        var paths = new TreeSet<StorePath>();
        for (var build : builds) paths.add(build.drvPath());
        return paths;
    }

    /// Stops all builds of a derivation, wherever they are. Their clients get `why`.
    ///
    /// @return how many
    public int cancel(StorePath drvPath, Intervention why) {
        var meant = of(drvPath);
        for (var build : meant) build.cancel(why);
        return meant.size();
    }

    /// Stops a build where it runs; it begins on another machine if one can take it.
    ///
    /// @return the machines that it leaves; none if it does not run anywhere
    public List<String> move(StorePath drvPath, Intervention why) {
        return of(drvPath).stream()
                .map(build -> build.move(why))
                .flatMap(Optional::stream)
                .toList();
    }

    private List<BuildControl> of(StorePath drvPath) {
        return builds.stream().filter(build -> build.drvPath().equals(drvPath)).toList();
    }
}
