package dispatcher.cli.secret;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.secret.SecretFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A file with a secret, which a key of the settings names. No error shows any of its content.
///
/// @param purpose what the file is for, with the name of the key, such as `use web.tokenFile`
/// @param kind    of file, such as `token file`
/// @param remedy  how to make one, such as `make it with`, and a command
public record SecretSetting(String purpose, String kind, Path file, String remedy) {
    private static final int MOST_BYTES = 64 * 1024;

    /// What is in the file.
    ///
    /// @throws UserFacingException if it cannot be read, is larger than any secret, or others could read it
    public String text() {
        try {
            var exposure = SecretFile.exposure(kind, file);
            if (exposure.isPresent())
                throw unusable(exposure.get().what(), exposure.get().nextStep());
            if (Files.size(file) > MOST_BYTES)
                throw unusable("it is too large for a %s".formatted(kind), "correct the settings");
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw unusable("it does not exist", remedy + ", or correct the settings");
        } catch (AccessDeniedException e) {
            throw unusable("it is not readable for us", SecretFile.lettingUsRead(file));
        } catch (IOException e) {
            throw unusable(
                    String.valueOf(e.getMessage()),
                    "see that it is a regular file, readable for user %s".formatted(System.getProperty("user.name")));
        }
    }

    /// To be thrown where the file is no such secret.
    ///
    /// @param why without any of its content
    public UserFacingException unusable(String why, String next) {
        return new UserFacingException("cannot %s %s".formatted(purpose, file), why, next);
    }
}
