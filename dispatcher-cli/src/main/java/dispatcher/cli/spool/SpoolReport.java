package dispatcher.cli.spool;

import dispatcher.cli.control.Fields;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// Shows the answers of [SpoolRequests] to people.
record SpoolReport(Fields answer) {
    /// A table of one row and, if they were asked for, one of the paths.
    List<String> status(boolean entries, Ansi ansi) {
        var table = new Table("SPOOL", "USED", "LIMIT", "PATHS", "PINNED");
        table.row(
                answer.text("path"),
                size("bytes"),
                size("limit"),
                Long.toString(answer.number("paths")),
                size("pinnedBytes"));
        var lines = headed(table, ansi);
        if (entries) {
            lines.add("");
            var listed = answer.objects("entries");
            if (listed.isEmpty()) lines.add("no paths");
            else lines.addAll(headed(table(listed), ansi));
            addRest(lines, answer.number("paths") - listed.size());
        }
        return lines;
    }

    private static void addRest(List<String> lines, long more) {
        if (more > 0) lines.add("and %s more".formatted(paths(more)));
    }

    private static Table table(List<Fields> entries) {
        var table = new Table("SIZE", "LAST USE", "PINNED", "PATH");
        for (var entry : entries)
            table.row(
                    Sizes.show(entry.number("bytes")),
                    entry.text("lastUse").replaceFirst("\\.\\d+", ""),
                    entry.flag("pinned") ? "yes" : "no",
                    entry.text("path"));
        return table;
    }

    private static List<String> headed(Table table, Ansi ansi) {
        var lines = new ArrayList<>(table.lines());
        lines.set(0, Terminal.paint(ansi, Terminal.BOLD, lines.getFirst()));
        return lines;
    }

    /// What went, and what is left and why.
    ///
    /// @param target how many bytes were to be left
    List<String> trimmed(long target) {
        var removed = answer.texts("removed");
        var lines = new ArrayList<>(removed);
        addRest(lines, answer.number("removedPaths") - removed.size());
        lines.add("%s went and freed %s; %s with %s left"
                .formatted(
                        paths(answer.number("removedPaths")),
                        size("removedBytes"),
                        paths(answer.number("paths")),
                        size("bytes")));
        if (answer.number("bytes") > target)
            lines.add("that is more than %s because %s are pinned: what clients or builds need now stays"
                    .formatted(Sizes.show(target), size("pinnedBytes")));
        return lines;
    }

    private static String paths(long number) {
        return number == 1 ? "1 path" : number + " paths";
    }

    private String size(String name) {
        return Sizes.show(answer.number(name));
    }
}
