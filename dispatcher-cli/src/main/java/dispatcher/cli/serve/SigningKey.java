package dispatcher.cli.serve;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.NixSecretKey;
import dispatcher.nix.NixSyntaxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/// Reads the file of the key that outputs are signed with.
final class SigningKey {
    private static final Set<PosixFilePermission> FOR_OTHERS =
            EnumSet.of(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);

    private SigningKey() {}

    /// @throws UserFacingException if it is none, or no secret; says nothing of what is in it
    static NixSecretKey read(Path file) {
        try {
            var permissions = Files.getPosixFilePermissions(file);
            if (permissions.stream().anyMatch(FOR_OTHERS::contains))
                throw unusable(
                        file,
                        "others can read it (%s)".formatted(PosixFilePermissions.toString(permissions)),
                        "run `chmod 600 %s`; if others may have read it, make a new one".formatted(file));
            return NixSecretKey.parse(Files.readString(file));
        } catch (NixSyntaxException e) {
            throw unusable(
                    file, String.valueOf(e.getMessage()), "make one with `nix-store --generate-binary-cache-key`");
        } catch (NoSuchFileException e) {
            throw unusable(
                    file,
                    "it does not exist",
                    "make it with `nix-store --generate-binary-cache-key`, or correct the settings");
        } catch (IOException e) {
            throw unusable(
                    file,
                    String.valueOf(e.getMessage()),
                    "make it readable for user %s alone".formatted(System.getProperty("user.name")));
        }
    }

    private static UserFacingException unusable(Path file, String why, String next) {
        return new UserFacingException("cannot sign outputs with secretKeyFile " + file, why, next);
    }
}
