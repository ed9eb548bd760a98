package dispatcher.cli.spool;

import dispatcher.cli.api.SpoolAnswer;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// Shows the spool to people.
///
/// @param answer made printable
record SpoolReport(SpoolAnswer answer) {
    /// A table of one row and, if they were asked for, one of the paths.
    List<String> status(boolean entries, Ansi ansi) {
        var table = new Table("SPOOL", "USED", "LIMIT", "PATHS", "PINNED");
        table.row(
                answer.path(),
                Sizes.show(answer.bytes()),
                Sizes.show(answer.limit()),
                Long.toString(answer.paths()),
                Sizes.show(answer.pinnedBytes()));
        var lines = Lines.headed(table, ansi);
        if (entries) {
            lines.add("");
            var listed = answer.entries().orElse(List.of());
            if (listed.isEmpty()) lines.add("no paths");
            else lines.addAll(Lines.headed(table(listed), ansi));
            addRest(lines, answer.paths() - listed.size());
        }
        return lines;
    }

    private static void addRest(List<String> lines, long more) {
        if (more > 0) lines.add("and %s more".formatted(paths(more)));
    }

    private static Table table(List<SpoolAnswer.Entry> entries) {
        var table = new Table("SIZE", "LAST USE", "PINNED", "PATH");
        for (var entry : entries)
            table.row(
                    Sizes.show(entry.bytes()),
                    entry.lastUse().toString().replaceFirst("\\.\\d+", ""),
                    entry.pinned() ? "yes" : "no",
                    entry.path());
        return table;
    }

    /// What went, and what is left and why.
    ///
    /// @param target how many bytes were to be left
    List<String> trimmed(long target) {
        var removed = answer.removed().orElse(List.of());
        long removedPaths = answer.removedPaths().orElse(0L);
        var lines = new ArrayList<>(removed);
        addRest(lines, removedPaths - removed.size());
        lines.add("%s went and freed %s; %s with %s left"
                .formatted(
                        paths(removedPaths),
                        Sizes.show(answer.removedBytes().orElse(0L)),
                        paths(answer.paths()),
                        Sizes.show(answer.bytes())));
        if (answer.bytes() > target)
            lines.add("that is more than %s because %s are pinned: what clients or builds need now stays"
                    .formatted(Sizes.show(target), Sizes.show(answer.pinnedBytes())));
        return lines;
    }

    private static String paths(long number) {
        return number == 1 ? "1 path" : number + " paths";
    }
}
