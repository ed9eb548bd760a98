package dispatcher.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.jgrapht.Graph;
import org.jgrapht.alg.cycle.CycleDetector;
import org.jgrapht.graph.DefaultEdge;
import org.jgrapht.graph.DirectedPseudograph;
import org.jgrapht.traverse.BreadthFirstIterator;
import org.jgrapht.traverse.NotDirectedAcyclicGraphException;
import org.jgrapht.traverse.TopologicalOrderIterator;

/// Which of numbered things need which others, with what is to be known of the whole graph: its order, its circles. An
/// edge of the library's graph goes from what is needed to what needs it.
///
/// Immutable. Memory: about 250 bytes for each edge; see [CompactDependencies] where that is too much.
public final class DependencyGraph implements Dependencies {
    private final Graph<Integer, DefaultEdge> graph;

    private DependencyGraph(Graph<Integer, DefaultEdge> graph) {
        this.graph = graph;
    }

    /// @param needs for each node those that it needs
    public static DependencyGraph of(int[][] needs) {
        return new DependencyGraph(graph(needs));
    }

    private static Graph<Integer, DefaultEdge> graph(int[][] needs) {
        var graph = new DirectedPseudograph<Integer, DefaultEdge>(DefaultEdge.class);
        for (int node = 0; node < needs.length; node++) graph.addVertex(node);
        for (int node = 0; node < needs.length; node++) for (int need : needs[node]) graph.addEdge(need, node);
        return graph;
    }

    @Override
    public int size() {
        return graph.vertexSet().size();
    }

    @Override
    public int needs(int node) {
        return graph.inDegreeOf(node);
    }

    @Override
    public void forEachDependant(int node, IntConsumer action) {
        for (var edge : graph.outgoingEdgesOf(node)) action.accept(graph.getEdgeTarget(edge));
    }

    /// Those that need `node`, in the order of their numbers.
    public int[] dependants(int node) {
        return graph.outgoingEdgesOf(node).stream()
                .mapToInt(graph::getEdgeTarget)
                .toArray();
    }

    /// All nodes, each after those that it needs: first those that need nothing, in the order of their numbers, then
    /// what each of those makes ready, and so on.
    public int[] order() throws CircleException {
        var order = new int[size()];
        try {
            int done = 0;
            for (var nodes = new TopologicalOrderIterator<>(graph); nodes.hasNext(); ) order[done++] = nodes.next();
        } catch (NotDirectedAcyclicGraphException e) {
            throw new CircleException(inCirclesOrBehind());
        }
        return order;
    }

    private List<Integer> inCirclesOrBehind() {
        var nodes = new ArrayList<Integer>();
        new BreadthFirstIterator<>(graph, new CycleDetector<>(graph).findCycles()).forEachRemaining(nodes::add);
        nodes.sort(null);
        return nodes;
    }

    /// What is left of `needs` without what closes a circle: goes down from each node in turn, and leaves out what
    /// leads back to a node that it came through.
    public static int[][] withoutCircles(int[][] needs) {
        var finished = new WayDown(needs).finished();
        var left = new int[needs.length][];
        for (int node = 0; node < needs.length; node++) {
            int end = finished[node];
            left[node] = Arrays.stream(needs[node])
                    .filter(need -> finished[need] < end)
                    .toArray();
        }
        return left;
    }
}
