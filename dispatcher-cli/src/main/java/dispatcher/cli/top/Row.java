package dispatcher.cli.top;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;

/// A line of a list.
///
/// @param key   which one it is, also in later pictures
/// @param cells one for each column, fit for a terminal
record Row(String key, List<AttributedString> cells) {
    Row {
        cells = List.copyOf(cells);
    }

    static Row of(String key, String... cells) {
        return new Row(key, Arrays.stream(cells).map(AttributedString::new).toList());
    }

    /// The same with one cell in a style.
    Row with(int column, AttributedStyle style) {
        var changed = new ArrayList<>(cells);
        changed.set(column, new AttributedString(cells.get(column).toString(), style));
        return new Row(key, changed);
    }

    /// Whether a cell has this text, in capitals or not.
    boolean has(String text) {
        var wanted = text.toLowerCase(Locale.ROOT);
        return cells.stream()
                .anyMatch(cell -> cell.toString().toLowerCase(Locale.ROOT).contains(wanted));
    }
}
