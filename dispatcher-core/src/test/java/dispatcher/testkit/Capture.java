package dispatcher.testkit;

import dispatcher.nix.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/// What a real client and a real server said to each other, as `it-tests/record/record` wrote it down: lines of
/// `> ` (the client) or `< ` (the server) and bytes in hexadecimal, after comments that say how it was made.
///
/// @param name   version and case, e.g. `2.8.0/build-success`
/// @param client all that the client said
/// @param server all that the server said
public record Capture(String name, ByteString client, ByteString server) {
    /// All captures of a protocol.
    ///
    /// @param protocol `worker` or `serve`
    public static List<Capture> all(String protocol) {
        try {
            var folder =
                    Path.of(Capture.class.getResource("/captures/" + protocol).toURI());
            try (var files = Files.walk(folder)) {
                return files.filter(file -> file.toString().endsWith(".hex"))
                        .sorted()
                        .map(file -> read(folder, file))
                        .toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Capture read(Path folder, Path file) {
        var client = new ByteArrayOutputStream();
        var server = new ByteArrayOutputStream();
        try {
            for (var line : Files.readAllLines(file)) {
                if (line.startsWith("#")) continue;
                var bytes = HexFormat.of().parseHex(line, 2, line.length());
                (line.startsWith("> ") ? client : server).writeBytes(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var name = folder.relativize(file).toString();
        return new Capture(
                name.substring(0, name.length() - ".hex".length()),
                ByteString.wrap(client.toByteArray()),
                ByteString.wrap(server.toByteArray()));
    }

    @Override
    public String toString() {
        return name;
    }
}
