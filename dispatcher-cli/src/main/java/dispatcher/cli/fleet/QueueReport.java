package dispatcher.cli.fleet;

import dispatcher.cli.control.Fields;
import dispatcher.cli.terminal.Table;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// Shows to people who waits.
///
/// @param answer to [FleetRequests]' `queue`
record QueueReport(Fields answer) {
    private static final String NOTHING = "-";

    /// By the dispatcher's clock, which need not be the host's.
    private Instant now() {
        return Instant.parse(answer.text("now"));
    }

    List<String> lines(Ansi ansi) {
        long waiting = answer.number("waiting");
        if (waiting == 0) return List.of("nobody waits for a machine");
        var builds = answer.objects("builds");
        var lines = new ArrayList<String>();
        if (!builds.isEmpty()) lines.addAll(Lines.headed(table(builds), ansi));
        long more = waiting - builds.size();
        if (more > 0) lines.add(builds.isEmpty() ? count(more) + " wait" : "and %d more".formatted(more));
        return lines;
    }

    private static String count(long builds) {
        return builds == 1 ? "1 build" : builds + " builds";
    }

    private Table table(List<Fields> builds) {
        var table = new Table("PLACE", "BUILD", "CLIENT", "SYSTEM", "FEATURES", "WAITS FOR", "SHOULD START");
        for (var build : builds)
            table.row(
                    "%d of %d".formatted(build.number("place"), build.number("of")),
                    build.text("drv"),
                    orNothing(build.text("client")),
                    build.text("system"),
                    orNothing(String.join(",", build.texts("features"))),
                    Lines.until(Instant.parse(build.text("since")), now()),
                    shouldStart(build));
        return table;
    }

    private String shouldStart(Fields build) {
        if (build.isUnknown("expectedStart")) return Lines.NO_HISTORY;
        return build.optionalText("expectedStart")
                .map(start -> "in " + Lines.until(now(), Instant.parse(start)))
                .orElse("when a machine takes builds again");
    }

    private static String orNothing(String text) {
        return text.isEmpty() ? NOTHING : text;
    }
}
