package dispatcher.machine;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Whether something is done for a machine.
public enum Choice {
    /// When it is known to be of use.
    AUTO("auto"),
    /// Always.
    YES("yes"),
    /// Never.
    NO("no");

    private final String word;

    Choice(String word) {
        this.word = word;
    }

    /// As the settings spell it.
    public String word() {
        return word;
    }

    public static Optional<Choice> of(String word) {
        return Arrays.stream(values())
                .filter(choice -> choice.word.equals(word))
                .findFirst();
    }

    /// How the settings spell them.
    public static List<String> words() {
        return Arrays.stream(values()).map(Choice::word).toList();
    }
}
