package dispatcher.machine.provider;

import dispatcher.text.Printable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The end of a file that a machine writes what it prints to.
public final class FileTail {
    private static final int MOST_BYTES = 64 * 1024;

    private FileTail() {}

    /// Its last lines, fit for a log; empty if it is not there.
    ///
    /// @throws IOException if it cannot be read
    public static List<String> of(Path file, int lines) throws IOException {
        if (!Files.isRegularFile(file)) return List.of();
        try (var channel = FileChannel.open(file)) {
            long start = Math.max(0, channel.size() - MOST_BYTES);
            var bytes = ByteBuffer.allocate(MOST_BYTES);
            channel.position(start);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // Until its end, or as much as is shown.
            }
            return lines(new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8), lines);
        }
    }

    /// The last lines of a text, fit for a log.
    public static List<String> lines(String text, int lines) {
        var all = text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(line -> Printable.line(line, ShellCommand.LONGEST_LINE))
                .toList();
        return all.subList(Math.max(0, all.size() - lines), all.size());
    }
}
