package dispatcher.cli.records;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Table;
import dispatcher.schedule.policy.Amounts;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// Shows builds to people.
///
/// @param answer made printable
record BuildsReport(BuildsAnswer answer) {
    private static final String NOTHING = "-";

    List<String> lines(Ansi ansi) {
        if (answer.builds().isEmpty()) return List.of("no such build is on record");
        var lines = new ArrayList<String>(Lines.headed(table(), ansi));
        if (answer.more())
            lines.add("older ones: --before %d"
                    .formatted(answer.builds().getLast().id()));
        return lines;
    }

    private Table table() {
        var table = new Table("ID", "BUILD", "CLIENT", "MACHINE", "OUTCOME", "ASKED", "WAITED", "BUILT IN");
        for (var build : answer.builds())
            table.row(
                    Long.toString(build.id()),
                    build.name(),
                    build.client(),
                    build.machine().orElse(NOTHING),
                    build.outcome(),
                    Lines.until(build.asked(), answer.now()) + " ago",
                    waited(build),
                    build.built().map(it -> Amounts.seconds(it.doubleValue())).orElse(NOTHING));
        return table;
    }

    private static String waited(BuildAnswer build) {
        return Amounts.seconds(
                build.waited().equalBuild().add(build.waited().machine()).doubleValue());
    }
}
