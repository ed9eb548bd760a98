package dispatcher.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class TerminalTest {
    private final UserFacingException error = new UserFacingException(
            "cannot reach arm-3", "the host key changed\nSHA256:a is not SHA256:b", "see whether it was reinstalled");

    @Test
    void anErrorTellsWhatWhyAndWhatNext() {
        assertThat(ErrorRenderer.render(error, Ansi.OFF)).isEqualTo("""
                error: cannot reach arm-3
                  cause: the host key changed
                         SHA256:a is not SHA256:b
                  next:  see whether it was reinstalled
                """);
    }

    @Test
    void coloursAddNothingElse() {
        var coloured = ErrorRenderer.render(error, Ansi.ON);

        assertThat(coloured).contains("\u001b[");
        assertThat(coloured.replaceAll("\u001b\\[[0-9;]*m", "")).isEqualTo(ErrorRenderer.render(error, Ansi.OFF));
    }

    @Test
    void markupInMessagesIsLeftAlone() {
        var marked = new UserFacingException("@|red x|@ is no name", "it has @|", "drop |@");

        assertThat(ErrorRenderer.render(marked, Ansi.ON))
                .contains("@|red x|@ is no name")
                .contains("drop |@");
    }

    @Test
    void anErrorDoesNothingToTheTerminal() {
        var hostile = new UserFacingException("no\u001b[2Jw", "a\r\u202eb\nc\u2028d", "e\u009bf");

        assertThat(ErrorRenderer.render(hostile, Ansi.OFF)).isEqualTo("""
                error: no\\x1b[2Jw
                  cause: a\\r\\u202eb
                         c\\u2028d
                  next:  e\\x9bf
                """);
    }

    @Test
    void aCellIsOneLineThatDoesNothingToTheTerminal() {
        var table = new Table("A", "B");
        table.row("x\ny\u001b[31m", "\u202ez");

        assertThat(table.lines()).containsExactly("A     B", "x\\ny  \\u202ez");
    }

    @Test
    void aCellIsShownAsItIsWritten() {
        var table = new Table("A", "B");
        table.row("@|bold x|@", "y");

        assertThat(table.lines()).containsExactly("A           B", "@|bold x|@  y");
    }

    @Test
    void noColorIsRespected() {
        assertThat(Terminal.wanted(Map.of())).isTrue();
        assertThat(Terminal.wanted(Map.of("NO_COLOR", ""))).isTrue();
        assertThat(Terminal.wanted(Map.of("NO_COLOR", "1"))).isFalse();
        assertThat(Terminal.wanted(Map.of("TERM", "dumb"))).isFalse();
    }

    @Test
    void aTableIsAsWideAsItsCells() {
        var table = new Table("MACHINE", "MS", "NOTE");
        table.row("a", "12", "");
        table.row("größer-als", "3", "x y");

        assertThat(table.lines()).containsExactly("MACHINE     MS  NOTE", "a           12", "größer-als  3   x y");
        assertThatIllegalArgumentException().isThrownBy(() -> table.row("a"));
    }
}
