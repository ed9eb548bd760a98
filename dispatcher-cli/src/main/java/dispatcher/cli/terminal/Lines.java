package dispatcher.cli.terminal;

import dispatcher.schedule.policy.Amounts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// What the reports have in common.
public final class Lines {
    /// In place of a time that would rest on nothing that was ever seen.
    public static final String NO_HISTORY = "no history";

    private Lines() {}

    /// The lines of a table, its heads in bold.
    public static List<String> headed(Table table, Ansi ansi) {
        var lines = new ArrayList<>(table.lines());
        lines.set(0, Terminal.paint(ansi, Terminal.BOLD, lines.getFirst()));
        return lines;
    }

    /// The time between, for people; none if `to` comes first.
    public static String until(Instant from, Instant to) {
        var between = Duration.between(from, to);
        return Amounts.seconds(Math.max(0, between.toMillis() / 1000.0));
    }
}
