package dispatcher.graph;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// The way from paths down to all that they refer to, one generation after the other. So the source of the references
/// is asked as often as the closure is deep. Each path is in one generation only.
///
/// This is no work for a graph library: the graph is only known once the way is gone. Confined to one thread.
public final class Descent {
    private final SortedSet<StorePath> seen;
    private SortedSet<StorePath> generation;

    public Descent(Collection<StorePath> roots) {
        this(roots, Set.of());
    }

    /// @param others paths that are in no generation, whatever refers to them
    public Descent(Collection<StorePath> roots, Collection<StorePath> others) {
        this.generation = new TreeSet<>(roots);
        this.seen = new TreeSet<>(others);
        seen.addAll(roots);
    }

    /// The paths whose references are to be looked up now.
    public SortedSet<StorePath> generation() {
        return Collections.unmodifiableSortedSet(generation);
    }

    public boolean isOver() {
        return generation.isEmpty();
    }

    /// Goes on to what is new among the references of this generation.
    ///
    /// @param infos what is known of its paths
    public void next(Collection<PathInfo> infos) {
        var next = new TreeSet<StorePath>();
        for (var info : infos) for (var reference : info.references()) if (seen.add(reference)) next.add(reference);
        generation = next;
    }

    /// All paths of the generations up to now, and the others.
    public SortedSet<StorePath> seen() {
        return Collections.unmodifiableSortedSet(seen);
    }
}
