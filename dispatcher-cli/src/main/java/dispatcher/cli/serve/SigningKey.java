package dispatcher.cli.serve;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.key.NixSecretKey;
import dispatcher.secret.SecretFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Reads the file of the key that outputs are signed with.
final class SigningKey {
    private SigningKey() {}

    /// @throws UserFacingException if it is none, or no secret; says nothing of what is in it
    static NixSecretKey read(Path file) {
        try {
            var exposure = SecretFile.exposure("key file", file);
            if (exposure.isPresent())
                throw unusable(file, exposure.get().what(), exposure.get().nextStep());
            return NixSecretKey.parse(Files.readString(file));
        } catch (NixSyntaxException e) {
            throw unusable(
                    file, String.valueOf(e.getMessage()), "make one with `nix-store --generate-binary-cache-key`");
        } catch (NoSuchFileException e) {
            throw unusable(
                    file,
                    "it does not exist",
                    "make it with `nix-store --generate-binary-cache-key`, or correct the settings");
        } catch (AccessDeniedException e) {
            throw unusable(file, "it is not readable for us", SecretFile.lettingUsRead(file));
        } catch (IOException e) {
            throw unusable(
                    file,
                    String.valueOf(e.getMessage()),
                    "see that it is a regular file, readable for user %s".formatted(System.getProperty("user.name")));
        }
    }

    private static UserFacingException unusable(Path file, String why, String next) {
        return new UserFacingException("cannot sign outputs with secretKeyFile " + file, why, next);
    }
}
