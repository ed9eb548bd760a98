package dispatcher.graph;

import java.util.Arrays;
import java.util.function.IntConsumer;

/// Dependencies in arrays of numbers, for what has no bound that suits a small heap: a closure of 100,000 paths with
/// 800,000 references takes 4 MB here, and 195 MB as a graph of JGraphT, which does not fit a heap of 128 MB.
///
/// Immutable. Memory: 4 bytes for each edge, and 8 for each node.
public final class CompactDependencies implements Dependencies {
    /// Where in [#dependants] those of each node begin; they end where those of the next begin.
    private final int[] begins;

    /// For each node those that need it.
    private final int[] dependants;

    private final int[] needs;

    /// All edges, in an order that is the same each time.
    public interface Edges {
        void forEach(Edge action);
    }

    /// Takes an edge.
    public interface Edge {
        void between(int node, int need);
    }

    private CompactDependencies(int size, Edges edges) {
        this.begins = new int[size + 1];
        this.needs = new int[size];
        edges.forEach((node, need) -> {
            needs[node]++;
            begins[need + 1]++;
        });
        for (int node = 0; node < size; node++) begins[node + 1] += begins[node];
        this.dependants = new int[begins[size]];
        var next = begins.clone();
        edges.forEach((node, need) -> dependants[next[need]++] = node);
    }

    /// @param size  of the graph
    /// @param edges looked through twice
    public static CompactDependencies of(int size, Edges edges) {
        return new CompactDependencies(size, edges);
    }

    /// @param needs for each node those that it needs
    public static CompactDependencies of(int[][] needs) {
        return new CompactDependencies(needs.length, action -> {
            for (int node = 0; node < needs.length; node++) for (int need : needs[node]) action.between(node, need);
        });
    }

    @Override
    public int size() {
        return needs.length;
    }

    @Override
    public int needs(int node) {
        return needs[node];
    }

    @Override
    public void forEachDependant(int node, IntConsumer action) {
        for (int i = begins[node]; i < begins[node + 1]; i++) action.accept(dependants[i]);
    }

    /// Those that need `node`, in the order of the edges.
    public int[] dependants(int node) {
        return Arrays.copyOfRange(dependants, begins[node], begins[node + 1]);
    }
}
