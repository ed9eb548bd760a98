package dispatcher.cli.terminal;

import dispatcher.text.Printable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Text in columns, each as wide as its widest cell, two blanks apart. Cells are shown as [Printable] has them.
/// Confined to one thread.
///
/// The `TextTable` of picocli is not used: it takes `@|bold x|@` in a cell for its own markup, which a name from
/// elsewhere may have (`TerminalTest.aCellIsShownAsItIsWritten`), and it wants the widths of its columns beforehand
/// (`TerminalTest.aTableIsAsWideAsItsCells`).
public final class Table {
    private static final String GAP = "  ";
    private final List<List<String>> rows = new ArrayList<>();

    /// @param heads of the columns; upper case is usual
    public Table(String... heads) {
        rows.add(List.of(heads));
    }

    /// @throws IllegalArgumentException unless there is a cell for each column
    public void row(String... cells) {
        if (cells.length != rows.getFirst().size())
            throw new IllegalArgumentException("%d cells for %d columns"
                    .formatted(cells.length, rows.getFirst().size()));
        rows.add(Arrays.stream(cells).map(Printable::line).toList());
    }

    /// The lines, the heads first, without blanks at their ends.
    public List<String> lines() {
        var widths = IntStream.range(0, rows.getFirst().size())
                .map(column -> rows.stream()
                        .mapToInt(row -> width(row.get(column)))
                        .max()
                        .orElse(0))
                .toArray();
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(List<String> row, int[] widths) {
        var line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            var cell = row.get(column);
            line.append(cell).append(" ".repeat(widths[column] - width(cell))).append(GAP);
        }
        return line.toString().stripTrailing();
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
