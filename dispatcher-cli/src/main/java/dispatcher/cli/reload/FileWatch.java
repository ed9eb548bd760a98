package dispatcher.cli.reload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// Finds out whether files are otherwise than when they were read, without reading them: by their times, sizes and
/// places on the disk. A file that is otherwise at each look is still being written, and not reported yet.
///
/// Has no clock: the caller looks now and then. Confined to one thread at a time.
final class FileWatch {
    private final Function<Path, Object> print;
    private Map<Path, Object> before = Map.of();
    private Map<Path, Object> known = Map.of();
    private Map<Path, Object> last = Map.of();

    FileWatch() {
        this(FileWatch::print);
    }

    /// @param print what of a file is otherwise when the file is
    FileWatch(Function<Path, Object> print) {
        this.print = print;
    }

    private static Object print(Path file) {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return List.of(
                    attributes.lastModifiedTime(),
                    attributes.size(),
                    Optional.ofNullable(attributes.fileKey()).map(Object::toString));
        } catch (IOException e) {
            return e.getClass();
        }
    }

    private Map<Path, Object> prints(Collection<Path> files) {
        var prints = new HashMap<Path, Object>();
        for (var file : files) prints.put(file, print.apply(file));
        return prints;
    }

    /// The files are about to be read.
    void beforeReading() {
        before = prints(known.keySet());
    }

    /// They have been read, and it was these. What was written meanwhile will be seen as a change.
    void afterReading(Collection<Path> files) {
        var now = prints(files);
        now.replaceAll((file, print) -> before.getOrDefault(file, print));
        known = now;
        last = now;
    }

    /// Whether something is otherwise than when it was read, and as it was at the last look.
    boolean hasChanged() {
        var now = prints(known.keySet());
        boolean settled = now.equals(last);
        last = now;
        return settled && !now.equals(known);
    }
}
