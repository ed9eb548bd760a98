package dispatcher.cli.api.http;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;

/// Reads an answer in HTTP/1.1 while it comes: lines of text in chunks. A short one may come whole.
final class HttpLines {
    private static final String END_OF_HEAD = "\r\n\r\n";
    private static final int LONGEST_LINE = 1 << 20;
    private static final int MAX_WHOLE = 64 << 20;
    private static final int MAX_HEAD = 64 << 10;
    private static final int HEX = 16;

    private HttpLines() {}

    /// Returns at the end of the answer.
    ///
    /// @param each gets the lines that are not empty
    /// @throws dispatcher.cli.terminal.UserFacingException what it says that went wrong
    /// @throws IOException if it breaks off
    static void read(Path socket, InputStream in, Consumer<String> each) throws IOException {
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith(END_OF_HEAD)) {
            int next = in.read();
            if (next < 0 || head.size() > MAX_HEAD) break;
            head.write(next);
        }
        var text = head.toString(StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
        if (!text.startsWith("http/1.1 200 ") || !text.contains("\r\ntransfer-encoding: chunked\r\n")) {
            head.write(in.readNBytes(MAX_WHOLE));
            HttpAnswer.read(socket, head.toByteArray()).text().lines().forEach(each);
            return;
        }
        readChunks(in, each);
    }

    private static void readChunks(InputStream in, Consumer<String> each) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int left = size(in); left > 0; left = size(in)) {
            var chunk = in.readNBytes(left);
            if (chunk.length < left) throw brokenOff();
            for (byte next : chunk) {
                if (next != '\n') {
                    if (line.size() < LONGEST_LINE) line.write(next);
                    continue;
                }
                if (line.size() > 0) each.accept(line.toString(StandardCharsets.UTF_8));
                line.reset();
            }
            if (!headerLine(in).isEmpty()) throw new IOException("a chunk of the answer does not end as it should");
        }
    }

    private static int size(InputStream in) throws IOException {
        var text = headerLine(in);
        try {
            return Integer.parseInt(text, HEX);
        } catch (NumberFormatException e) {
            throw new IOException("the answer has a chunk of the size '%s'".formatted(text), e);
        }
    }

    /// Without its end.
    private static String headerLine(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0 || line.length() > MAX_HEAD) throw brokenOff();
            line.append((char) next);
        }
        return line.toString().strip();
    }

    private static EOFException brokenOff() {
        return new EOFException("the dispatcher ended the connection; has it been stopped?");
    }
}
