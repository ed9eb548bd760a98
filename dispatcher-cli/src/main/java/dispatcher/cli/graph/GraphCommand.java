package dispatcher.cli.graph;

import dispatcher.cli.api.graph.GraphAnswer;
import dispatcher.cli.api.graph.GraphAnswer.Node;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher graph`: which builds need which.
@Command(
        name = "graph",
        description = {
            "Show which builds need which, of those that clients asked for lately; the first to be asked for first.",
            "What a client will ask for later is not known, nor what it has itself or gets from a cache."
        },
        mixinStandardHelpOptions = true)
public final class GraphCommand extends ApiCommand {
    private static final int MOST_NAMED = 3;

    @Option(names = "--client", paramLabel = "NAME", description = "Only builds that this client asked for.")
    private Optional<String> client = Optional.empty();

    @Option(
            names = "--hours",
            paramLabel = "N",
            description = "How far back, at most 24. Default: ${DEFAULT-VALUE}.",
            defaultValue = "1")
    private int hours;

    @Option(
            names = {"-n", "--rows"},
            paramLabel = "N",
            description = "How many builds to show, the last ones, at most 2,000. Default: ${DEFAULT-VALUE}.",
            defaultValue = "100")
    private int rows;

    @Override
    public Integer call() {
        if (hours < 1 || hours > GraphEndpoint.MOST_HOURS)
            throw wrongUsage("--hours %d is not from 1 to %d".formatted(hours, GraphEndpoint.MOST_HOURS));
        if (rows < 1 || rows > GraphEndpoint.MOST_ROWS)
            throw wrongUsage("--rows %d is not from 1 to %d".formatted(rows, GraphEndpoint.MOST_ROWS));
        var path = "%s?%s=%d&%s=%d%s"
                .formatted(
                        GraphAnswer.PATH,
                        GraphEndpoint.HOURS,
                        hours,
                        GraphEndpoint.ROWS,
                        rows,
                        client.map(name -> "&%s=%s"
                                        .formatted(
                                                GraphEndpoint.CLIENT, URLEncoder.encode(name, StandardCharsets.UTF_8)))
                                .orElse(""));
        var answer = needed(dispatcher().get(path), "show which builds need which");
        show(answer, () -> lines(answer.printable(GraphAnswer.class)));
        return ExitCode.OK;
    }

    private static List<String> lines(GraphAnswer answer) {
        if (answer.nodes().isEmpty()) return List.of("no build was asked for since " + answer.since());
        var names = answer.nodes().stream().collect(Collectors.toMap(Node::number, Node::name));
        var table = new Table("BUILD", "NAME", "STATE", "MACHINE", "CLIENT", "NEEDS");
        for (var node : answer.nodes())
            table.row(
                    node.id().map(Object::toString).orElse("-"),
                    node.name(),
                    node.state(),
                    node.machine().orElse("-"),
                    node.client().isEmpty() ? "-" : node.client(),
                    needs(node.needs().stream()
                            .map(need -> names.getOrDefault(need, ""))
                            .toList()));
        var lines = new ArrayList<>(Lines.headed(table, Terminal.out()));
        if (answer.more()) lines.add("… there were more builds before these; --rows shows more of them");
        return lines;
    }

    /// Such as `glibc-2.42, zlib-1.3 and 12 more`.
    private static String needs(List<String> names) {
        if (names.isEmpty()) return "-";
        var first = names.stream().limit(MOST_NAMED).collect(Collectors.joining(", "));
        return names.size() > MOST_NAMED ? "%s and %d more".formatted(first, names.size() - MOST_NAMED) : first;
    }
}
