package dispatcher.cli.doctor;

import java.time.Duration;
import java.util.List;

/// Runs programs of this host.
@FunctionalInterface
public interface Programs {
    /// Runs a program to its end, with no input.
    ///
    /// @param limit after which it is ended, with what it has started
    Ran run(Duration limit, List<String> command) throws InterruptedException;

    /// @param status its exit status; [#NOT_THERE] or [#TOO_LONG] if it has none
    record Ran(int status, String out, String err) {
        public static final int NOT_THERE = -1;
        public static final int TOO_LONG = -2;

        public boolean isThere() {
            return status != NOT_THERE;
        }

        public boolean worked() {
            return status == 0;
        }

        /// Its last line of errors that says something, or what became of it.
        public String complaint() {
            if (status == NOT_THERE) return "there is no such program";
            if (status == TOO_LONG) return "it did not end in time";
            return err.lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .reduce((_, last) -> last)
                    .orElse("exit status " + status);
        }
    }
}
