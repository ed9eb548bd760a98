package dispatcher.cli.recording;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// A file of lines and, beside it, the one before: `FILE.1`. Confined to one thread.
final class TraceFile implements AutoCloseable {
    private final Path file;
    private OutputStream out = OutputStream.nullOutputStream();
    private long bytes;

    TraceFile(Path file) {
        this.file = file;
    }

    /// Makes a new one; what was there becomes the one before. Missing directories are made.
    void renew() throws IOException {
        out.close();
        bytes = 0;
        var directory = file.toAbsolutePath().getParent();
        if (directory != null) Files.createDirectories(directory);
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS))
            Files.move(file, before(file), StandardCopyOption.REPLACE_EXISTING);
        out = new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.CREATE_NEW), 1 << 16);
    }

    static Path before(Path file) {
        return file.resolveSibling(file.getFileName() + ".1");
    }

    long bytes() {
        return bytes;
    }

    void write(List<String> lines) throws IOException {
        for (var line : lines) {
            var encoded = (line + "\n").getBytes(StandardCharsets.UTF_8);
            out.write(encoded);
            bytes += encoded.length;
        }
    }

    void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
