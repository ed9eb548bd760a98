package dispatcher.cli.status;

import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Terminal;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// Shows the status to people.
///
/// @param status made printable
record StatusReport(StatusAnswer status) {
    List<String> lines(Ansi ansi) {
        var lines = new ArrayList<String>();
        lines.add("machines   %d of %d may have builds, with %s"
                .formatted(status.machines().ready(), status.machines().all(), count(status.slots(), "slot")));
        lines.add("running    " + count(status.running(), "build"));
        lines.add("waiting    "
                + count(status.waiting(), "build")
                + status.oldest()
                        .map(since -> ", the oldest for " + Lines.until(since, status.now()))
                        .orElse(""));
        lines.add("last hour  %d built, %d failed, %d refused"
                .formatted(
                        status.lastHour().built(),
                        status.lastHour().failed(),
                        status.lastHour().refused()));
        if (status.problems().isEmpty()) {
            lines.add(Terminal.paint(ansi, Terminal.GREEN, "all machines are well"));
            return lines;
        }
        for (var trouble : status.problems()) {
            lines.add("");
            lines.add(Terminal.paint(ansi, Terminal.BOLD, trouble.machine()) + ": " + trouble.state());
            if (!trouble.reason().isEmpty()) lines.add("  cause: " + trouble.reason());
            lines.add("  next:  " + trouble.next());
        }
        return lines;
    }

    private static String count(long number, String noun) {
        return number == 1 ? "1 " + noun : "%d %ss".formatted(number, noun);
    }
}
