package dispatcher.secret;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// A file that holds a secret, such as a private key. As ssh does with its keys, one of our own that is open to
/// others is not used. Of one that somebody else owns that is not for us to judge: it is how secrets are handed
/// to a service, such as root's files of mode 0440 in `/run/secrets`.
public final class SecretFile {
    private static final Set<PosixFilePermission> READING =
            EnumSet.of(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);
    private static final Set<PosixFilePermission> FOR_OTHERS = EnumSet.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_EXECUTE);

    private SecretFile() {}

    /// That a file of ours is open to others.
    ///
    /// @param what     with the file and its mode
    /// @param nextStep the command that mends it
    public record Exposure(String what, String nextStep) {}

    /// Whether `file` is ours and open to others; empty if not.
    ///
    /// @param kind what it is, e.g. `key file`
    /// @throws IOException if it cannot be looked at
    public static Optional<Exposure> exposure(String kind, Path file) throws IOException {
        return exposure(
                kind,
                file,
                isOurs(file),
                Optional.ofNullable(System.getenv("CREDENTIALS_DIRECTORY")).map(Path::of));
    }

    /// @param credentials where systemd puts credentials of this service: for its user alone, by an access control
    ///     list that shows as a mode for the group
    static Optional<Exposure> exposure(String kind, Path file, boolean ours, Optional<Path> credentials)
            throws IOException {
        if (!ours) return Optional.empty();
        if (credentials.isPresent() && file.toAbsolutePath().normalize().startsWith(credentials.get()))
            return Optional.empty();
        var permissions = Files.getPosixFilePermissions(file);
        if (permissions.stream().noneMatch(FOR_OTHERS::contains)) return Optional.empty();
        return Optional.of(new Exposure(
                "the %s %s %s (%s)"
                        .formatted(
                                kind,
                                file,
                                permissions.stream().anyMatch(READING::contains)
                                        ? "can be read by others"
                                        : "is open to others",
                                PosixFilePermissions.toString(permissions)),
                "run `chmod 600 %s`; if others may have read it, make a new one".formatted(file)));
    }

    /// Whether the user that runs us owns it, by number where the system gives ours.
    private static boolean isOurs(Path file) throws IOException {
        var self = Path.of("/proc/self");
        return Files.exists(self)
                ? Objects.equals(Files.getAttribute(file, "unix:uid"), Files.getAttribute(self, "unix:uid"))
                : Files.getOwner(file).getName().equals(System.getProperty("user.name"));
    }

    /// What lets the user that runs us read a file that it may not.
    public static String lettingUsRead(Path file) {
        var user = System.getProperty("user.name");
        return "let user %s read it: `chown %s %s`, or have systemd hand it over (LoadCredential=) and name the file under /run/credentials"
                .formatted(user, user, file);
    }
}
