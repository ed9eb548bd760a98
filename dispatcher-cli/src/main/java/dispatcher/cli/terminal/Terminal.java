package dispatcher.cli.terminal;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Help.Ansi;

/// Whether a stream of this process goes to a person's screen, and so may have colours.
public final class Terminal {
    public static final String BOLD = "1";
    public static final String RED = "31";
    public static final String GREEN = "32";

    private Terminal() {}

    /// Text in a style, or as it is where there are no colours.
    ///
    /// @param style parameter of ECMA-48's "select graphic rendition", such as [#RED]
    public static String paint(Ansi ansi, String style, String text) {
        return ansi.enabled() ? "\u001b[" + style + "m" + text + "\u001b[0m" : text;
    }

    /// For standard output.
    public static Ansi out() {
        return ansi(1, System.getenv());
    }

    /// For standard error.
    public static Ansi err() {
        return ansi(2, System.getenv());
    }

    /// Colours if the stream is a terminal that can show them and `NO_COLOR` is not set (no-color.org).
    private static Ansi ansi(int descriptor, Map<String, String> environment) {
        return wanted(environment) && isTerminal(descriptor) ? Ansi.ON : Ansi.OFF;
    }

    static boolean wanted(Map<String, String> environment) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty() && !"dumb".equals(environment.get("TERM"));
    }

    /// Java answers only for input and output together, so Linux is asked for each.
    ///
    /// @param descriptor 0, 1 or 2
    public static boolean isTerminal(int descriptor) {
        try {
            var target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.ofNullable(System.console())
                    .filter(Console::isTerminal)
                    .isPresent();
        }
    }
}
