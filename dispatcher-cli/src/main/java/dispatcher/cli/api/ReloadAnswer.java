package dispatcher.cli.api;

import java.util.List;
import java.util.Optional;

/// What came of reading the settings again.
///
/// @param reloaded    false: nothing has changed, and only the last three are there; true: only the first three
/// @param changes     what is otherwise than before, a line each
/// @param needRestart what is not in force before the next start, in the same form
/// @param warnings    what is allowed and probably not meant
/// @param faults      each by itself; empty if the file could not be read at all
public record ReloadAnswer(
        boolean reloaded,
        Optional<List<String>> changes,
        Optional<List<String>> needRestart,
        Optional<List<FaultLine>> warnings,
        Optional<String> why,
        Optional<String> next,
        Optional<List<FaultLine>> faults) {
    public static final String PATH = "/api/v1/reload";

    /// A place in a file, and what is wrong there.
    public record FaultLine(String file, int line, String key, String message) {}

    /// The request, which says nothing.
    public record Request() {}
}
