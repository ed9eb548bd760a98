package dispatcher.graph;

import java.util.function.IntConsumer;

/// What is left: how many of those that each node needs are not done. Confined to one thread at a time.
public final class Remaining {
    private final Dependencies graph;
    private final int[] awaited;

    public Remaining(Dependencies graph) {
        this.graph = graph;
        this.awaited = new int[graph.size()];
        for (int node = 0; node < awaited.length; node++) awaited[node] = graph.needs(node);
    }

    /// How many of those that `node` needs are not done.
    public int awaited(int node) {
        return awaited[node];
    }

    /// `node` is done, which is said once.
    ///
    /// @param ready called with each that needs nothing else any more
    public void done(int node, IntConsumer ready) {
        graph.forEachDependant(node, dependant -> {
            if (--awaited[dependant] == 0) ready.accept(dependant);
        });
    }
}
