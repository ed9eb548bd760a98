package dispatcher.it;

import java.time.Duration;
import java.util.List;

/// What a command did.
///
/// @param command its words
/// @param exit    its exit status
/// @param out     what it wrote to standard output
/// @param err     what it wrote to standard error
/// @param took    wall-clock time from start to end
public record Result(List<String> command, int exit, String out, String err, Duration took) {

    public Result {
        command = List.copyOf(command);
    }

    public boolean succeeded() {
        return exit == 0;
    }

    /// This result, if the command succeeded.
    ///
    /// @throws AssertionError otherwise; the message has all that it wrote
    public Result orFail() {
        if (!succeeded()) {
            throw new AssertionError(toString());
        }
        return this;
    }

    /// The lines of standard output without those that are blank.
    public List<String> lines() {
        return out.lines().filter(line -> !line.isBlank()).toList();
    }

    @Override
    public String toString() {
        return "exit status %d after %d ms: %s%n--- standard output%n%s%n--- standard error%n%s"
                .formatted(exit, took.toMillis(), String.join(" ", command), out, err);
    }
}
