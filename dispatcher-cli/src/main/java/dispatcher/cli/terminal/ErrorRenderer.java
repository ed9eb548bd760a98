package dispatcher.cli.terminal;

import dispatcher.text.Printable;
import java.util.stream.Collectors;
import picocli.CommandLine.Help.Ansi;

/// Shows an error in three parts: what happened, why, and what the operator can do.
///
///     error: cannot read the settings
///       cause: there is no file /etc/dispatcher/dispatcher.yaml
///       next:  correct the name
public final class ErrorRenderer {
    private static final String INDENT = " ".repeat("  cause: ".length());

    private ErrorRenderer() {}

    /// The lines, with a newline at the end.
    public static String render(UserFacingException error, Ansi ansi) {
        return headed(ansi, "bold,red", "error:", " " + indented(error.what()))
                + headed(ansi, "bold", "  cause:", " " + indented(error.why()))
                + headed(ansi, "bold", "  next:", "  " + indented(error.next()));
    }

    /// One line about something that is allowed and probably not meant.
    public static String warning(String text, Ansi ansi) {
        return headed(ansi, "bold,yellow", "warning:", " " + indented(text));
    }

    private static String headed(Ansi ansi, String style, String head, String text) {
        var shown = ansi.enabled() ? ansi.string("@|%s %s|@".formatted(style, head)) : head;
        return shown + text + "\n";
    }

    private static String indented(String text) {
        return Printable.lines(text).lines().collect(Collectors.joining("\n" + INDENT));
    }
}
