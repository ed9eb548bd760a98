package dispatcher.graph;

import java.util.BitSet;
import java.util.function.IntPredicate;

/// When each node of a graph can begin at the earliest, and what must come after it. In the unit of the times.
///
/// This is one walk along an order of JGraphT and one back, as none of its algorithms has times at nodes of which a
/// part counts only at the end of a chain. Immutable.
public final class CriticalPath {
    private final BitSet possible = new BitSet();
    private final double[] earliest;
    private final double[] after;
    private final double length;

    /// What each node takes.
    public interface Times {
        /// When it can begin, were all that it needs done.
        double begin(int node);

        /// From its begin until what needs it can begin.
        double whole(int node);

        /// The end of that, in which it is done itself and only handed on.
        double handedOn(int node);
    }

    /// @param order all nodes, each after those that it needs
    /// @param can   whether a node can be done at all; what needs one that cannot, cannot either
    public CriticalPath(Dependencies graph, int[] order, IntPredicate can, Times times) {
        this.earliest = new double[graph.size()];
        this.after = new double[graph.size()];
        this.length = walk(graph, order, can, times);
        walkBack(graph, order, times);
    }

    private double walk(Dependencies graph, int[] order, IntPredicate can, Times times) {
        possible.set(0, graph.size());
        double longest = 0;
        for (int node : order) {
            if (!possible.get(node) || !can.test(node)) {
                possible.clear(node);
                graph.forEachDependant(node, possible::clear);
                continue;
            }
            earliest[node] = Math.max(earliest[node], times.begin(node));
            double end = earliest[node] + times.whole(node);
            graph.forEachDependant(node, dependant -> earliest[dependant] = Math.max(earliest[dependant], end));
            longest = Math.max(longest, end);
        }
        return longest;
    }

    private void walkBack(Dependencies graph, int[] order, Times times) {
        // From the begin of each to the end of all that needs it, but for the time of the node before it.
        var rest = new double[graph.size()];
        var most = new double[1];
        for (int i = order.length - 1; i >= 0; i--) {
            int node = order[i];
            most[0] = 0;
            graph.forEachDependant(node, dependant -> most[0] = Math.max(most[0], rest[dependant]));
            after[node] = times.handedOn(node) + most[0];
            if (possible.get(node)) rest[node] = times.whole(node) + after[node] - times.handedOn(node);
        }
    }

    /// Whether it and all that it needs can be done.
    public boolean isPossible(int node) {
        return possible.get(node);
    }

    public double earliest(int node) {
        return earliest[node];
    }

    /// From the end of a node itself to the end of all that needs it.
    public double after(int node) {
        return after[node];
    }

    public double length() {
        return length;
    }
}
