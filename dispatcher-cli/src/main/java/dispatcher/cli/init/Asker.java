package dispatcher.cli.init;

import java.io.Console;
import java.util.Optional;

/// Asks the person at the terminal.
@FunctionalInterface
public interface Asker {
    /// The answer, stripped; empty if nobody is there to answer.
    Optional<String> ask(String question);

    /// Whether this process has a terminal with a person at it.
    static boolean isThere() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }

    /// The terminal of this process, if it has one.
    static Asker ofProcess() {
        return question -> Optional.ofNullable(System.console())
                .filter(Console::isTerminal)
                .map(console -> console.readLine("%s ", question))
                .map(String::strip);
    }
}
