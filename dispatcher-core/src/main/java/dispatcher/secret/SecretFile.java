package dispatcher.secret;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// A file that holds a secret, such as a private key. One that others can read is no secret, and is not used.
public final class SecretFile {
    private static final Set<PosixFilePermission> FOR_OTHERS =
            EnumSet.of(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);

    private SecretFile() {}

    /// That others can read a file.
    ///
    /// @param what     with the file and its mode
    /// @param nextStep the command that mends it
    public record Exposure(String what, String nextStep) {}

    /// Whether others can read `file`; empty if they cannot.
    ///
    /// @param kind what it is, e.g. `key file`
    /// @throws IOException if it cannot be looked at
    public static Optional<Exposure> exposure(String kind, Path file) throws IOException {
        return exposure(
                kind,
                file,
                Optional.ofNullable(System.getenv("CREDENTIALS_DIRECTORY")).map(Path::of));
    }

    /// @param credentials where systemd puts credentials of this service: for its user alone, by an access control list
    ///     that shows as a mode for the group
    static Optional<Exposure> exposure(String kind, Path file, Optional<Path> credentials) throws IOException {
        if (credentials.isPresent() && file.toAbsolutePath().normalize().startsWith(credentials.get()))
            return Optional.empty();
        var permissions = Files.getPosixFilePermissions(file);
        if (permissions.stream().noneMatch(FOR_OTHERS::contains)) return Optional.empty();
        return Optional.of(new Exposure(
                "the %s %s can be read by others (%s)"
                        .formatted(kind, file, PosixFilePermissions.toString(permissions)),
                "run `chmod 600 %s`; if others may have read it, make a new one".formatted(file)));
    }
}
