package dispatcher.text;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;

/// Finds what a person meant to write: keys of the settings, names, options. Picocli finds commands, but an option only
/// if its first two letters are right. A library with edit distances is not worth a dependency for these few lines.
public final class Spelling {
    private Spelling() {}

    /// What to add to a message about a wrong word: the nearest right one, or all of them where none is near.
    public static String hint(String wrong, Collection<String> right) {
        return nearest(wrong, right)
                .map("; did you mean '%s'?"::formatted)
                .orElseGet(() -> "; known here: " + String.join(", ", new TreeSet<>(right)));
    }

    /// The word that takes the fewest single-letter changes, if those are few for its length; a word that
    /// begins with the wrong one counts as near.
    public static Optional<String> nearest(String wrong, Collection<String> right) {
        var a = bare(wrong);
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (var word : new TreeSet<>(right)) {
            int most = Math.max(1, Math.max(word.length(), wrong.length()) / 3);
            int cost = cost(a, bare(word), most);
            if (cost > most || cost >= least) continue;
            nearest = word;
            least = cost;
        }
        return Optional.ofNullable(nearest);
    }

    /// More than `most` if it is more than that.
    private static int cost(String a, String b, int most) {
        if (a.length() >= 3 && (b.startsWith(a) || a.startsWith(b))) return 1;
        // Each letter that one has more is a change.
        return Math.abs(a.length() - b.length()) > most ? most + 1 : distance(a, b);
    }

    /// Without what people get wrong most: case, and how words are joined.
    private static String bare(String text) {
        return text.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
    static int distance(String a, String b) {
        var rows = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) rows[i][j] = cell(a, b, rows, i, j);
        }
        return rows[a.length()][b.length()];
    }

    private static int cell(String a, String b, int[][] rows, int i, int j) {
        if (i == 0 || j == 0) return i + j;
        int replaced = rows[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int best = Math.min(replaced, 1 + Math.min(rows[i - 1][j], rows[i][j - 1]));
        boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
        return swapped ? Math.min(best, rows[i - 2][j - 2] + 1) : best;
    }
}
