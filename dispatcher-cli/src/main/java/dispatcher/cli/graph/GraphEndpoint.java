package dispatcher.cli.graph;

import dispatcher.cli.api.graph.GraphAnswer;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.graph.BuildGraph.Known;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/// Which builds need which, as the API has it.
public record GraphEndpoint(BuildGraph graph, InstantSource clock) {
    static final String CLIENT = "client";
    static final String HOURS = "hours";
    static final String ROWS = "rows";
    static final int MOST_HOURS = 24;
    static final int MOST_ROWS = 2_000;
    private static final int USUAL_ROWS = 500;

    public Endpoint endpoint() {
        return Endpoint.get(GraphAnswer.PATH, this::answer);
    }

    private GraphAnswer answer(ApiRequest request) {
        var now = clock.instant();
        int rows = number(request, ROWS, USUAL_ROWS, MOST_ROWS);
        var from = now.minus(Duration.ofHours(number(request, HOURS, 1, MOST_HOURS)));
        var all = graph.since(from);
        var clients = new TreeMap<String, Long>();
        for (var build : all) clients.merge(build.client(), 1L, Long::sum);
        var wanted = request.parameter(CLIENT);
        var chosen = all.stream()
                .filter(build -> wanted.isEmpty() || wanted.get().equals(build.client()))
                .toList();
        boolean more = chosen.size() > rows;
        return new GraphAnswer(
                now,
                from.isBefore(graph.started()) ? graph.started() : from,
                clients.entrySet().stream()
                        .map(client -> new GraphAnswer.Client(client.getKey(), client.getValue()))
                        .toList(),
                nodes(more ? chosen.subList(chosen.size() - rows, chosen.size()) : chosen),
                more);
    }

    private static int number(ApiRequest request, String name, int usual, int most) {
        long number = request.parameter(name).isPresent() ? request.number(name) : usual;
        if (number < 1 || number > most)
            throw new IllegalArgumentException(
                    "the parameter '%s' is not from 1 to %d: %d".formatted(name, most, number));
        return (int) number;
    }

    /// A client's request names all that a build may read, also what it needs only by way of others; that is left out.
    private static List<GraphAnswer.Node> nodes(List<Known> builds) {
        var places = new HashMap<Long, Integer>();
        // Of each, the places of all that it needs, also by way of others. What a build needs comes before it.
        var all = new ArrayList<BitSet>();
        var nodes = new ArrayList<GraphAnswer.Node>();
        for (var build : builds) {
            var needs =
                    build.needs().stream().filter(places::containsKey).sorted().toList();
            var byOthers = new BitSet();
            for (var need : needs) byOthers.or(all.get(places.getOrDefault(need, 0)));
            nodes.add(node(
                    build,
                    needs.stream()
                            .filter(need -> !byOthers.get(places.getOrDefault(need, 0)))
                            .toList()));
            for (var need : needs) byOthers.set(places.getOrDefault(need, 0));
            places.put(build.number(), all.size());
            all.add(byOthers);
        }
        return nodes;
    }

    private static GraphAnswer.Node node(Known build, List<Long> needs) {
        return new GraphAnswer.Node(
                build.number(),
                build.id(),
                build.drvPath().toString(),
                build.drvPath().derivationName(),
                build.client(),
                build.state().name().toLowerCase(Locale.ROOT),
                build.machine(),
                build.asked(),
                needs);
    }
}
