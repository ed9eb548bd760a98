package dispatcher.machine;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// What settings can say of the Nix that is started on a machine.
public final class RemoteNix {
    /// Names by which Nix knows the store that is the machine's own.
    public static final Set<String> OWN_STORES = Set.of("", "auto", "daemon", "local");

    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private RemoteNix() {}

    /// The words of a program as Nix splits them: at blanks, without quotes.
    ///
    /// @throws IllegalArgumentException if there are control characters in it
    public static List<String> program(String text) {
        if (text.chars().anyMatch(c -> Character.isISOControl(c) && !Character.isWhitespace(c)))
            throw new IllegalArgumentException("there are control characters in it");
        return BLANKS.splitAsStream(text).filter(word -> !word.isEmpty()).toList();
    }
}
