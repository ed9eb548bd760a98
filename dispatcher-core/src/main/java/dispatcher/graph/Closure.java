package dispatcher.graph;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/// Paths and all that they refer to, where that is known.
///
/// @param unknown those of `paths` whose references are not known
public record Closure(SortedSet<StorePath> paths, SortedSet<StorePath> unknown) {
    public Closure {
        paths = Collections.unmodifiableSortedSet(paths);
        unknown = Collections.unmodifiableSortedSet(unknown);
    }

    /// Knows references.
    public interface Lookup {
        /// @return what is known of those of `paths` of which anything is
        Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException;
    }

    /// Cost: as many calls as the closure is deep.
    public static Closure of(SortedSet<StorePath> roots, Lookup lookup) throws IOException, InterruptedException {
        var unknown = new TreeSet<StorePath>();
        var descent = new Descent(roots);
        while (!descent.isOver()) {
            var infos = lookup.infos(descent.generation());
            for (var path : descent.generation()) if (!infos.containsKey(path)) unknown.add(path);
            descent.next(infos.values());
        }
        return new Closure(descent.seen(), unknown);
    }
}
