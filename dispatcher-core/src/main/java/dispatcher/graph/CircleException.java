package dispatcher.graph;

import java.util.List;

/// Some nodes of a graph need each other in a circle, so that it has no order.
public final class CircleException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<Integer> nodes;

    CircleException(List<Integer> nodes) {
        super("%d nodes are in a circle or behind one".formatted(nodes.size()));
        this.nodes = List.copyOf(nodes);
    }

    /// Those that are in a circle or need something that is, in the order of their numbers.
    public List<Integer> nodes() {
        return nodes;
    }
}
