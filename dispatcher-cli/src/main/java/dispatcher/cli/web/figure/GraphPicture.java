package dispatcher.cli.web.figure;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.graph.GraphAnswer.Node;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A graph as a picture: builds that need no other one in the first column, and each build in a column after all those
/// that it needs. A sign before the name says its state, beside the colour.
///
/// Names of SVG's attributes are in lower case here; browsers know which of them have capitals.
final class GraphPicture {
    private static final int WIDTH = 190;
    private static final int HEIGHT = 24;
    private static final int COLUMN = WIDTH + 50;
    private static final int ROW = HEIGHT + 8;
    private static final int MARGIN = 6;
    private static final int LONGEST_NAME = 24;

    /// Where a node is, in pixels.
    private record Place(int x, int y) {}

    private final List<Node> nodes;
    private final Map<Long, Place> places = new HashMap<>();
    private int columns;
    private int rows;

    private GraphPicture(List<Node> nodes) {
        this.nodes = nodes;
        int column = 0;
        for (var layer : layers(nodes)) {
            int row = 0;
            for (var node : inOrder(layer))
                places.put(node.number(), new Place(MARGIN + column * COLUMN, MARGIN + row++ * ROW));
            rows = Math.max(rows, row);
            column++;
        }
        columns = column;
    }

    /// @param nodes each after all that it needs
    /// @param words what it shows, for all who do not see it
    static Html of(List<Node> nodes, String words) {
        return new GraphPicture(nodes).picture(words);
    }

    /// The first of those that need nothing.
    private static List<List<Node>> layers(List<Node> nodes) {
        var depths = new HashMap<Long, Integer>();
        var layers = new ArrayList<List<Node>>();
        for (var node : nodes) {
            int depth = node.needs().stream()
                    .mapToInt(need -> depths.getOrDefault(need, -1) + 1)
                    .max()
                    .orElse(0);
            depths.put(node.number(), depth);
            while (layers.size() <= depth) layers.add(new ArrayList<>());
            layers.get(depth).add(node);
        }
        return layers;
    }

    /// Beside what they need, on average, so that lines are short.
    private List<Node> inOrder(List<Node> layer) {
        return layer.stream()
                .sorted(Comparator.comparingDouble(node -> node.needs().stream()
                        .filter(places::containsKey)
                        .mapToInt(need -> place(need).y)
                        .average()
                        .orElse(0)))
                .toList();
    }

    private Place place(long number) {
        return places.getOrDefault(number, new Place(0, 0));
    }

    private Html picture(String words) {
        int width = columns * COLUMN + MARGIN;
        int height = rows * ROW + MARGIN;
        var parts = new ArrayList<Html>();
        for (var node : nodes)
            for (var need : node.needs())
                if (places.containsKey(need)) parts.add(edge(place(need), place(node.number())));
        for (var node : nodes) parts.add(node(node, place(node.number())));
        return element(
                "div",
                cls("scroll"),
                Attribute.of("tabindex", "0"),
                Attribute.of("role", "group"),
                Attribute.of("aria-label", "Picture of the graph"),
                element(
                        "svg",
                        cls("graph"),
                        Attribute.of("width", Integer.toString(width)),
                        Attribute.of("height", Integer.toString(height)),
                        Attribute.of("viewbox", "0 0 %d %d".formatted(width, height)),
                        Attribute.of("role", "img"),
                        Attribute.of("aria-label", words),
                        Html.all(parts)));
    }

    private static Html edge(Place from, Place to) {
        int left = from.x + WIDTH;
        int middle = (left + to.x) / 2;
        int fromY = from.y + HEIGHT / 2;
        int toY = to.y + HEIGHT / 2;
        return element(
                "path",
                cls("edge"),
                Attribute.of(
                        "d", "M%d %dC%d %d %d %d %d %d".formatted(left, fromY, middle, fromY, middle, toY, to.x, toY)));
    }

    private static Html node(Node node, Place place) {
        var name = node.name().length() > LONGEST_NAME ? node.name().substring(0, LONGEST_NAME - 1) + "…" : node.name();
        return element(
                "g",
                cls("node " + NodeState.of(node).style()),
                element(
                        "rect",
                        Attribute.of("x", Integer.toString(place.x)),
                        Attribute.of("y", Integer.toString(place.y)),
                        Attribute.of("width", Integer.toString(WIDTH)),
                        Attribute.of("height", Integer.toString(HEIGHT)),
                        Attribute.of("rx", "4")),
                element(
                        "text",
                        Attribute.of("x", Integer.toString(place.x + MARGIN)),
                        Attribute.of("y", Integer.toString(place.y + HEIGHT - 8)),
                        Html.text("%s %s".formatted(NodeState.of(node).sign(), name))),
                element(
                        "title",
                        "%s: %s%s"
                                .formatted(
                                        node.name(),
                                        node.state(),
                                        node.machine()
                                                .map(machine -> " on " + machine)
                                                .orElse(""))));
    }
}
