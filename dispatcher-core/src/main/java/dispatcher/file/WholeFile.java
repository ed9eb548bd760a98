package dispatcher.file;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// A file of ours that is there as a whole or not at all, whatever stops us. One writer at a time for each file.
public final class WholeFile {
    private WholeFile() {}

    /// Writes what the file is to have, in UTF-8.
    @FunctionalInterface
    public interface Content {
        void writeTo(Writer out) throws IOException;
    }

    /// Puts `content` in the place of what is there, and makes missing directories. It goes to a new file beside it,
    /// whose name ends with `.new`: what has that name is removed, and a link of that name is not followed.
    ///
    /// @throws IOException if it cannot be written; the file is what it was then
    public static void write(Path file, Content content) throws IOException {
        var draft = file.resolveSibling(file.getFileName() + ".new");
        Files.createDirectories(file.resolveSibling("."));
        Files.deleteIfExists(draft);
        try (var out = new BufferedWriter(new OutputStreamWriter(
                Files.newOutputStream(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                StandardCharsets.UTF_8))) {
            content.writeTo(out);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
