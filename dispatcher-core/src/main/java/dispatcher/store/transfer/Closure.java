package dispatcher.store.transfer;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/// Paths and all that they refer to, as far as somebody can tell.
///
/// @param unknown those of `paths` of which nobody could tell what they refer to
public record Closure(SortedSet<StorePath> paths, SortedSet<StorePath> unknown) {
    public Closure {
        paths = Collections.unmodifiableSortedSet(paths);
        unknown = Collections.unmodifiableSortedSet(unknown);
    }

    /// Who can tell.
    public interface Lookup {
        /// @return what is known of those of `paths` of which anything is
        Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException;
    }

    /// Cost: as many calls as the closure is deep.
    public static Closure of(SortedSet<StorePath> roots, Lookup lookup) throws IOException, InterruptedException {
        var paths = new TreeSet<>(roots);
        var unknown = new TreeSet<StorePath>();
        var open = roots;
        while (!open.isEmpty()) {
            var infos = lookup.infos(open);
            var next = new TreeSet<StorePath>();
            for (var path : open) {
                var info = infos.get(path);
                if (info == null) unknown.add(path);
                else for (var reference : info.references()) if (paths.add(reference)) next.add(reference);
            }
            open = next;
        }
        return new Closure(paths, unknown);
    }
}
