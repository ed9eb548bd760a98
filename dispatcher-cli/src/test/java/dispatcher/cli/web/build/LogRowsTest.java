package dispatcher.cli.web.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogRowsTest {
    private static String rows(String log) {
        return new LogRows().of(log).toString();
    }

    private static String row(String inner) {
        return "<div>" + inner + "</div>";
    }

    @Test
    void linesAreRows() {
        assertThat(rows("one\n\ntwo\r\nthree")).isEqualTo(row("one") + row("") + row("two") + row("three"));
        assertThat(rows("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "1;31, log-red log-bold",
        "92, log-green",
        "38;5;214, log-yellow",
        "38;5;9, log-red",
        "38;2;10;20;250, log-blue",
        "38;5;244, log-soft",
        "4;3;36, log-cyan log-italic log-underlined",
        "7, log-marked",
        "41, log-marked",
        "48;5;1;35, log-magenta log-marked",
        "38:5:13, log-magenta",
        "9;2, log-dim log-struck"
    })
    void coloursBecomeClasses(String parameters, String classes) {
        assertThat(rows("a\u001b[" + parameters + "mb\u001b[0mc\n"))
                .isEqualTo(row("a<span class=\"%s\">b</span>c".formatted(classes)));
    }

    @ParameterizedTest
    @CsvSource({"''", "0", "39;22", "31;39", "38;5", "38", "38;5;999999999999", "8", "999", "1;21;0"})
    void whatSetsNothingIsLeftOut(String parameters) {
        assertThat(rows("a\u001b[" + parameters + "mb")).isEqualTo(row("ab"));
    }

    @Test
    void aColourLastsOverLinesAndParts() {
        var rows = new LogRows();
        assertThat(rows.of("\u001b[31mone\ntwo\n").toString())
                .isEqualTo(row("<span class=\"log-red\">one</span>") + row("<span class=\"log-red\">two</span>"));
        assertThat(rows.of("three\u001b[mfour\n").toString())
                .isEqualTo(row("<span class=\"log-red\">three</span>four"));
    }

    @ParameterizedTest
    @CsvSource({
        "'\u001b[2J', '\\x1b[2J'",
        "'\u001b]0;title\u0007', '\\x1b]0;title\\x07'",
        "'\u001b', '\\x1b'",
        "'\u001b[', '\\x1b['",
        "'\u001b[31', '\\x1b[31'",
        "'\u001b[31\u001b[32', '\\x1b[31\\x1b[32'",
        "'\u202eevil\u2066', '\\u202eevil\\u2066'",
        "'a\rb', 'a\\rb'",
        "'\u009b31m', '\\x9b31m'",
        "'<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'",
        "'\" onload=x & &amp;', '&quot; onload=x &amp; &amp;amp;'"
    })
    void allElseIsText(String log, String shown) {
        assertThat(rows(log)).isEqualTo(row(shown));
    }

    @Test
    void aVeryLongSequenceIsOneToo() {
        assertThat(rows("a\u001b[" + "1;".repeat(10_000) + "31mb"))
                .isEqualTo(row("a<span class=\"log-red log-bold\">b</span>"));
    }

    @Test
    void aHugeLineBecomesSeveralRowsAndLosesNothing() {
        var rows = rows("x".repeat(10_000) + "\nnext\n");

        assertThat(rows.split("<div", -1)).hasSize(5);
        assertThat(rows).contains("<div class=\"goes-on\">").endsWith(row("next"));
        assertThat(rows.replaceAll("<[^>]*>", "")).isEqualTo("x".repeat(10_000) + "next");
    }

    @Test
    void aPairOfSurrogatesStaysTogether() {
        var rows = rows("x".repeat(LogReader.LONGEST - 1) + "\ud83d\ude00".repeat(2));
        assertThat(rows).contains("\ud83d\ude00").doesNotContain("\\ud83d", "\\ude00");
    }

    /// Whatever a log has, there are no elements but ours and no character that is not to be shown; and what is text in
    /// it is there, in its order.
    @Test
    void noLogGetsOutOfItsRows() {
        var random = new Random(7);
        var alphabet = List.of(
                "\u001b[",
                "\u001b",
                "31",
                ";",
                ":",
                "m",
                "\n",
                "\r",
                "<",
                ">",
                "\"",
                "'",
                "&",
                "a",
                "\u202e",
                "\u0000",
                "\u2028",
                "\ud83d",
                "\ude00",
                "38;5;",
                "48;2;1;2;3",
                "\u009b",
                "\t",
                "</div>");
        for (int round = 0; round < 2_000; round++) {
            var log = new StringBuilder();
            for (int i = 0; i < 30; i++) log.append(alphabet.get(random.nextInt(alphabet.size())));
            var heard = new ArrayList<String>();
            var reader = new LogReader(new LogReader.Sink() {
                @Override
                public void text(LogStyle style, String text) {
                    heard.add(text);
                }

                @Override
                public void line(boolean isEnd) {
                    heard.add("\n");
                }
            });
            reader.read(log.toString());

            var text = rows(log.toString());
            assertThat(text.replaceAll("</?div>|<span class=\"[a-z -]+\">|</span>", ""))
                    .as("round %d", round)
                    .doesNotContain("<", ">", "\"", "'")
                    .doesNotContain("\u001b", "\u202e", "\u0000", "\u2028", "\u009b", "\r");
            assertThat(String.join("", heard))
                    .isEqualTo(
                            log.toString().replaceAll("\u001b\\[[0-9;:]*m", "").replace("\r\n", "\n"));
        }
    }
}
