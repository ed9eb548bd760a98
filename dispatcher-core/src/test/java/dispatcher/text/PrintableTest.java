package dispatcher.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {
    private static final int RUNS = 20_000;

    /// What texts of the property tests are made of: each at the edge of something.
    private static final String[] PIECES = {
        "a",
        "\\",
        "\\n",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\0",
        "\u001b",
        "\u001b[",
        "\u001b[1;31m",
        "[0m",
        "m",
        ";",
        "\u007f",
        "\u0080",
        "\u009b",
        "\u00a0",
        "\u00ad",
        "\u200b",
        "\u2028",
        "\u2029",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\ud83d",
        "\ude00",
        "\ud83d\ude00",
        "\udb40\udc41",
        "ü",
        "…",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    };

    @Test
    void leavesTextAsItIsThatNobodyCanMistake() {
        var text = "grüße 日本語 😀 C:\\n 'quoted' (and more)…";

        assertThat(Printable.line(text)).isSameAs(text);
    }

    @Test
    void showsWhatHasNoShapeOfItsOwn() {
        assertThat(Printable.line("a\nb\tc\rd\0e\u001b[2Jf\u007fg\u009bh"))
                .isEqualTo("a\\nb\\tc\\rd\\x00e\\x1b[2Jf\\x7fg\\x9bh");
        assertThat(Printable.line("a\u2028b\u2029c\u202ed\u2066e\u200bf\ufeffg"))
                .isEqualTo("a\\u2028b\\u2029c\\u202ed\\u2066e\\u200bf\\ufeffg");
        assertThat(Printable.line("a\ud83db\ude00c\udb40\udc41")).isEqualTo("a\\ud83db\\ude00c\\U000e0041");
    }

    @Test
    void leavesColoursOut() {
        var text = "builder for '\u001b[35;1m/nix/store/x.drv\u001b[0m' failed";

        assertThat(Printable.line(text)).isEqualTo("builder for '/nix/store/x.drv' failed");
        assertThat(Printable.lines(text)).isEqualTo("builder for '/nix/store/x.drv' failed");
        assertThat(Printable.coloured(text)).isEqualTo(text);
    }

    @Test
    void takesNothingElseForAColour() {
        assertThat(Printable.coloured("\u001b[1;2K\u001b]0;m\u001b[\u001b[12"))
                .isEqualTo("\\x1b[1;2K\\x1b]0;m\\x1b[\\x1b[12");
        assertThat(Printable.line("\u001b\u001b[1m[1m")).isEqualTo("\\x1b[1m");
    }

    @Test
    void keepsLinesWhereThereMayBeSeveral() {
        assertThat(Printable.lines("a\n\tb\r\nc\rd\u2028e")).isEqualTo("a\n\tb\nc\\rd\\u2028e");
    }

    @Test
    void joinsLinesToOne() {
        assertThat(Printable.joined(" a\n\n b\r\n\u001b[1mc\td")).isEqualTo("a; b; c\\td");
    }

    @Test
    void cutsWhatIsTooLongAndSaysHowMuch() {
        assertThat(Printable.line("x".repeat(100), 100)).isEqualTo("x".repeat(100));
        assertThat(Printable.line("x".repeat(101), 100)).isEqualTo("x".repeat(68) + "… (33 more characters)");
        assertThat(Printable.line("\0".repeat(26), 100)).isEqualTo("\\x00".repeat(17) + "… (9 more characters)");
        assertThatIllegalArgumentException().isThrownBy(() -> Printable.line("", 63));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @Tag("slow")
    void anythingBecomesALineOfLimitedLengthThatStaysTheSame(long seed) {
        check(seed, text -> Printable.line(text, 100), 100, (c, shown) -> !Printable.isOdd(c));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @Tag("slow")
    void anythingBecomesLinesThatStayTheSame(long seed) {
        check(seed, Printable::lines, Printable.LONGEST, (c, _) -> !Printable.isOdd(c) || c == '\n' || c == '\t');
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @Tag("slow")
    void colouredTextHasNoOtherSequences(long seed) {
        check(
                seed,
                Printable::coloured,
                Printable.LONGEST,
                (c, shown) -> !Printable.isOdd(c)
                        || c == '\n'
                        || c == '\t'
                        || (c == '\u001b' && !withoutColours(shown).contains("\u001b")));
    }

    private static String withoutColours(String text) {
        return text.replaceAll("\u001b\\[[0-9;]*m", "");
    }

    private interface Allowed {
        boolean test(int codePoint, String shown);
    }

    private static void check(long seed, UnaryOperator<String> show, int longest, Allowed allowed) {
        var random = new Random(seed);
        for (int run = 0; run < RUNS; run++) {
            var text = new StringBuilder();
            for (int i = random.nextInt(12); i > 0; i--) text.append(PIECES[random.nextInt(PIECES.length)]);
            var shown = show.apply(text.toString());
            assertThat(shown.length()).as("seed %d, run %d", seed, run).isLessThanOrEqualTo(longest);
            assertThat(shown.codePoints().filter(c -> !allowed.test(c, shown)))
                    .as("seed %d, run %d: %s", seed, run, shown)
                    .isEmpty();
            assertThat(show.apply(shown)).as("seed %d, run %d", seed, run).isEqualTo(shown);
        }
    }
}
