package dispatcher.cli.systemd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Whether a stream of this process leads to systemd's journal.
public final class JournalStream {
    /// What systemd says of the stream that it has given us: device and inode, in decimal, such as `9:12345`.
    private static final String VARIABLE = "JOURNAL_STREAM";

    private static final Path STANDARD_ERROR = Path.of("/dev/fd/2");

    private JournalStream() {}

    /// Whether standard error is that stream still. A process that has inherited the variable may write elsewhere.
    public static boolean isStandardError(Map<String, String> environment) {
        return is(STANDARD_ERROR, environment);
    }

    static boolean is(Path stream, Map<String, String> environment) {
        var journal = environment.get(VARIABLE);
        if (journal == null) return false;
        try {
            var found = Files.readAttributes(stream, "unix:dev,ino");
            return journal.equals("%s:%s".formatted(found.get("dev"), found.get("ino")));
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }
}
