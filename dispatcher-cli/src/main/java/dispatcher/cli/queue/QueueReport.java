package dispatcher.cli.queue;

import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Table;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// Shows to people who waits.
///
/// @param answer made printable
record QueueReport(QueueAnswer answer) {
    private static final String NOTHING = "-";

    List<String> lines(Ansi ansi) {
        if (answer.waiting() == 0) return List.of("no build waits for a machine");
        var lines = new ArrayList<String>();
        boolean none = answer.builds().isEmpty();
        if (!none) lines.addAll(Lines.headed(table(), ansi));
        long more = answer.waiting() - answer.builds().size();
        if (more > 0) lines.add(none ? count(more) + " wait" : "and %d more".formatted(more));
        return lines;
    }

    private static String count(long builds) {
        return builds == 1 ? "1 build" : builds + " builds";
    }

    private Table table() {
        var table = new Table("PLACE", "BUILD", "CLIENT", "SYSTEM", "FEATURES", "WAITS FOR", "SHOULD START");
        for (var build : answer.builds())
            table.row(
                    "%d of %d".formatted(build.place(), build.of()),
                    build.drv(),
                    orNothing(build.client()),
                    build.system(),
                    orNothing(String.join(",", build.features())),
                    Lines.until(build.since(), answer.now()),
                    build.expectedStart()
                            .show(
                                    start -> "in " + Lines.until(answer.now(), start),
                                    Lines.NO_HISTORY,
                                    "when a machine takes builds again"));
        return table;
    }

    private static String orNothing(String text) {
        return text.isEmpty() ? NOTHING : text;
    }
}
