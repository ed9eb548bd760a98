package dispatcher.cli.init;

import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/// The nix.conf of this host. Our lines stand between two marks at its end, where they win over those before, and are
/// replaced when they are written again.
record NixConfFile(Path file) {
    private static final String BEGIN = "# Written by `dispatcher init`, up to the line that says so:";
    private static final String END = "# End of what `dispatcher init` has written.";

    /// Writes the lines if they are not there yet. What was there is kept beside it, once.
    ///
    /// @return the copy of what was there before the first change; empty if nothing had to be changed
    /// @throws UserFacingException if it cannot be changed
    Optional<Path> write(List<String> lines) {
        if (Files.isSymbolicLink(file))
            throw failed("it is a link, as where NixOS makes it", "set nix.settings in the configuration of this host");
        try {
            var before = Files.exists(file) ? Files.readString(file) : "";
            var after = with(before, lines);
            if (after.equals(before)) return Optional.empty();
            var backup = sibling(".before-dispatcher");
            Files.createDirectories(file.toAbsolutePath().getParent());
            if (!Files.exists(backup)) Files.writeString(backup, before);
            var half = sibling(".dispatcher-new");
            Files.deleteIfExists(half);
            if (Files.exists(file)) Files.copy(file, half, StandardCopyOption.COPY_ATTRIBUTES);
            Files.writeString(half, after);
            replace(half, after);
            return Optional.of(backup);
        } catch (IOException e) {
            throw failed(e.toString(), "run this as root, or add the lines yourself");
        }
    }

    /// A file that is mounted, as in containers, can only be written to.
    private void replace(Path half, String text) throws IOException {
        try {
            Files.move(half, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            Files.deleteIfExists(half);
            Files.writeString(file, text);
        }
    }

    static String with(String text, List<String> lines) {
        var block = BEGIN + "\n" + String.join("\n", lines) + "\n" + END + "\n";
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin >= 0 && end > begin) {
            var rest = text.substring(end + END.length()).replaceFirst("^\n", "");
            return text.substring(0, begin) + block + rest;
        }
        return text.isEmpty() || text.endsWith("\n") ? text + block : text + "\n" + block;
    }

    private Path sibling(String ending) {
        return file.resolveSibling(file.getFileName() + ending);
    }

    private UserFacingException failed(String why, String next) {
        return new UserFacingException("cannot write to " + file, why, next);
    }
}
