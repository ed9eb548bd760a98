package dispatcher.cli.web.figure;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.graph.GraphAnswer;
import dispatcher.cli.api.graph.GraphAnswer.Node;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Which builds of a client need which, as a picture with the state of each, and as a table.
final class GraphPage implements Page {
    private static final String PATH = "/graph";
    private static final String CLIENT = "client";
    private static final int MOST_HOURS = 24;

    /// Nodes in a picture; above, there is only the table.
    static final int MOST_DRAWN = 500;

    private static final int MOST_ASKED = 2_000;
    private static final int MOST_LISTED = 1_000;
    private static final int MOST_NAMED = 5;
    private static final Choices HOURS = new Choices("hours", "hour", List.of(1, 3, 6, 12, 24));

    @Override
    public String path() {
        return PATH;
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Graph");
    }

    @Override
    public List<Asset> assets() {
        return List.of(FigurePages.STYLE);
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        int hours = HOURS.chosen(request, 1, MOST_HOURS);
        var asked =
                new TreeMap<>(Map.of(HOURS.parameter(), Integer.toString(hours), "rows", Integer.toString(MOST_ASKED)));
        request.parameter(CLIENT).ifPresent(client -> asked.put(CLIENT, client));
        var answer = request.ask(GraphAnswer.class, GraphAnswer.PATH, asked);
        var nodes = answer.nodes();
        return new Content(
                "Builds of the last %s, and what they need".formatted(HOURS.words(hours)),
                Html.all(
                        HOURS.links(request, hours),
                        Form.filters(
                                request,
                                new Form.Filter(
                                        CLIENT,
                                        "Client",
                                        answer.clients().stream()
                                                .map(GraphAnswer.Client::name)
                                                .toList()))),
                List.of(summary(answer), picture(nodes), table(nodes)));
    }

    private static Region summary(GraphAnswer answer) {
        var counts = answer.nodes().stream().collect(Collectors.groupingBy(NodeState::of, Collectors.counting()));
        var legend = Arrays.stream(NodeState.values())
                .map(state -> element(
                        "li",
                        element("b", cls("sign"), Html.text(state.sign())),
                        element("span", "%s: %d".formatted(state.words(), counts.getOrDefault(state, 0L)))))
                .toList();
        var remarks = new ArrayList<Html>();
        remarks.add(element(
                "p",
                Html.text("A client asks for one build after the other, those first that others need. What it will ask"
                        + " for later is not known here. Builds are listed that were asked for since "),
                Words.at(answer.since()),
                Html.text(".")));
        if (answer.more())
            remarks.add(element(
                    "p",
                    "There were more builds; the %d that were asked for last are looked at."
                            .formatted(answer.nodes().size())));
        return Region.of("summary", element("ul", cls("legend"), Html.all(legend)), Html.all(remarks));
    }

    /// Builds alone, which neither need another one nor are needed, are only in the table.
    private static Region picture(List<Node> nodes) {
        if (nodes.size() > MOST_DRAWN)
            return Region.of(
                    "picture",
                    element(
                            "p",
                            "%d builds are too many for a picture, which has %d at most. Choose one client, or fewer hours."
                                    .formatted(nodes.size(), MOST_DRAWN)));
        var needed = nodes.stream().flatMap(node -> node.needs().stream()).collect(Collectors.toSet());
        var drawn = nodes.stream()
                .filter(node -> !node.needs().isEmpty() || needed.contains(node.number()))
                .toList();
        if (drawn.isEmpty())
            return Region.of("picture", element("p", cls("none"), Html.text("No build needs another one of these.")));
        var words =
                "%s, from left to right, with lines from what is needed to what needs it; the table below says the same"
                        .formatted(Words.count(drawn.size(), "build"));
        int alone = nodes.size() - drawn.size();
        return Region.of(
                "picture",
                GraphPicture.of(drawn, words),
                alone == 0
                        ? Html.NOTHING
                        : element(
                                "p",
                                "%s, which neither need another one of these nor are needed, are only in the table."
                                        .formatted(Words.count(alone, "build"))));
    }

    private static Region table(List<Node> nodes) {
        var byNumber = nodes.stream().collect(Collectors.toMap(Node::number, node -> node));
        var needing = new HashMap<Long, List<Node>>();
        for (var node : nodes)
            for (var need : node.needs())
                needing.computeIfAbsent(need, _ -> new ArrayList<>()).add(node);
        var grid = new Grid(
                "nodes", "Builds and what they need", "Build", "State", "Machine", "Client", "Needs", "Is needed by");
        nodes.stream()
                .sorted(Comparator.comparingLong(Node::number).reversed())
                .limit(MOST_LISTED)
                .forEach(node -> grid.row(
                        Long.toString(node.number()),
                        node.id().isPresent()
                                ? Words.link("/builds/" + node.id().get(), node.name())
                                : Html.text(node.name()),
                        Html.text("%s %s".formatted(NodeState.of(node).sign(), node.state())),
                        node.machine()
                                .map(machine -> Words.link("/machines/" + PageRequest.encode(machine), machine))
                                .orElse(Words.DASH),
                        node.client().isEmpty() ? Words.DASH : Html.text(node.client()),
                        names(node.needs().stream()
                                .flatMap(need -> Optional.ofNullable(byNumber.get(need)).stream())
                                .toList()),
                        names(needing.getOrDefault(node.number(), List.of()))));
        return grid.region(
                "No build was asked for.",
                nodes.size() > MOST_LISTED
                        ? element("p", "The last %d of %d builds are listed.".formatted(MOST_LISTED, nodes.size()))
                        : Html.NOTHING);
    }

    /// The first of them, and how many more there are.
    private static Html names(List<Node> nodes) {
        if (nodes.isEmpty()) return Words.DASH;
        var first = nodes.stream().limit(MOST_NAMED).map(Node::name).collect(Collectors.joining(", "));
        return Html.text(
                nodes.size() > MOST_NAMED ? "%s and %d more".formatted(first, nodes.size() - MOST_NAMED) : first);
    }
}
