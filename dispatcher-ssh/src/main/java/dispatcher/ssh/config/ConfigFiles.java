package dispatcher.ssh.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import dispatcher.text.Wildcards;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files of this host. As OpenSSH does with those of a user, one that others may write is not used.
final class ConfigFiles implements ConfigSource {
    private static final Logger log = LoggerFactory.getLogger(ConfigFiles.class);
    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_MATCHES = 200;
    private static final int MOST_ENTRIES = 10_000;

    @Override
    public Optional<String> read(Path file) throws IOException {
        try {
            if (!Files.exists(file)) return Optional.empty();
            if (!Files.isRegularFile(file)) throw new IOException("it is no regular file");
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE))
                throw new IOException("others can write it (%s); run `chmod go-w %s`"
                        .formatted(PosixFilePermissions.toString(permissions), file));
            return Optional.of(text(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (AccessDeniedException e) {
            throw new IOException("user %s cannot read it".formatted(System.getProperty("user.name")), e);
        }
    }

    private static String text(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) throw new IOException("it has more than %d bytes".formatted(MOST_BYTES));
            return new String(bytes, UTF_8);
        }
    }

    @Override
    public List<Path> matching(Path pattern) {
        List<Path> found = List.of(pattern.isAbsolute() ? Path.of("/") : Path.of(""));
        for (Path part : pattern) {
            String name = part.toString();
            List<Path> next = new ArrayList<>();
            for (Path directory : found) {
                if (name.contains("*") || name.contains("?")) list(directory, name, next);
                else next.add(directory.resolve(name));
            }
            found = next;
        }
        return found;
    }

    /// Hidden files are named or not meant, as in a shell. What cannot be listed holds nothing for us, as for OpenSSH.
    private static void list(Path directory, String pattern, List<Path> found) {
        List<Path> here = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            int looked = 0;
            for (Path entry : entries) {
                if (++looked > MOST_ENTRIES) break;
                String name = String.valueOf(entry.getFileName());
                if (name.startsWith(".") && !pattern.startsWith(".")) continue;
                if (Wildcards.matchesGlob(pattern, name)) here.add(entry);
            }
        } catch (IOException | DirectoryIteratorException e) {
            log.atTrace().log("no directory {}: {}", directory, e.toString());
        }
        here.stream().sorted().limit(Math.max(0, MOST_MATCHES - found.size())).forEach(found::add);
    }
}
