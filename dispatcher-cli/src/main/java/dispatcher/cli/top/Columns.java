package dispatcher.cli.top;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/// Rows in columns that fit a terminal: what there is no room for is cut or left out. Widths are in the terminal's
/// columns, of which some signs take two.
///
/// @param columns at least one
record Columns(List<Column> columns) {
    private static final int GAP = 2;
    private static final String CUT = "…";

    Columns {
        columns = List.copyOf(columns);
    }

    /// @param least width below which it is of no use
    /// @param rank  the column with the highest one is left out first; those with low ones are widened first
    record Column(String head, int least, int rank) {}

    static Columns of(Column... columns) {
        return new Columns(List.of(columns));
    }

    /// How wide each column is; 0 for one that is left out, as one is in which nothing stands.
    List<Integer> widths(List<Row> rows, int width) {
        var natural = IntStream.range(0, columns.size())
                .map(column -> natural(column, rows))
                .toArray();
        var byRank = IntStream.range(0, columns.size())
                .boxed()
                .filter(column -> natural[column] > 0)
                .sorted(Comparator.comparingInt(column -> columns.get(column).rank()))
                .toList();
        var kept = new ArrayList<>(byRank);
        while (kept.size() > 1 && room(kept, natural, width) < 0) kept.removeLast();
        var widths = new int[columns.size()];
        int room = Math.max(0, room(kept, natural, width));
        for (int column : kept) {
            int least = least(column, natural);
            int more = Math.min(natural[column] - least, room);
            widths[column] = Math.min(least + more, width);
            room -= more;
        }
        return IntStream.of(widths).boxed().toList();
    }

    private int natural(int column, List<Row> rows) {
        int widest = 0;
        for (var row : rows) widest = Math.max(widest, row.cells().get(column).columnLength());
        return widest == 0 ? 0 : Math.max(widest, columns.get(column).head().length());
    }

    private int least(int column, int[] natural) {
        return Math.min(columns.get(column).least(), natural[column]);
    }

    /// What is left of the width; negative if they do not fit.
    private int room(List<Integer> kept, int[] natural, int width) {
        return width
                - GAP * (kept.size() - 1)
                - kept.stream().mapToInt(column -> least(column, natural)).sum();
    }

    AttributedString head(List<Integer> widths) {
        return line(
                columns.stream()
                        .map(column -> new AttributedString(column.head(), AttributedStyle.DEFAULT.faint()))
                        .toList(),
                widths);
    }

    AttributedString line(List<AttributedString> cells, List<Integer> widths) {
        var line = new AttributedStringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            if (widths.get(column) == 0) continue;
            if (line.length() > 0) line.append(" ".repeat(GAP));
            line.append(fitted(cells.get(column), widths.get(column)));
        }
        return line.toAttributedString();
    }

    /// The text in so many columns: cut, or with blanks after it.
    static AttributedString fitted(AttributedString text, int width) {
        var cut = cut(text, width);
        var line = new AttributedStringBuilder().append(cut);
        return line.append(" ".repeat(width - cut.columnLength())).toAttributedString();
    }

    /// The text in at most so many columns.
    static AttributedString cut(AttributedString text, int width) {
        if (text.columnLength() <= width) return text;
        if (width < 1) return AttributedString.EMPTY;
        return new AttributedStringBuilder()
                .append(text.columnSubSequence(0, width - 1))
                .append(CUT)
                .toAttributedString();
    }
}
