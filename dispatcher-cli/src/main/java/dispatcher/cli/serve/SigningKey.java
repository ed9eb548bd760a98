package dispatcher.cli.serve;

import dispatcher.cli.secret.SecretSetting;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.key.NixSecretKey;
import java.nio.file.Path;

/// Reads the file of the key that outputs are signed with.
final class SigningKey {
    private SigningKey() {}

    /// @throws UserFacingException if it is none, or no secret; says nothing of what is in it
    static NixSecretKey read(Path file) {
        var make = "with `nix-store --generate-binary-cache-key`";
        var setting = new SecretSetting("sign outputs with secretKeyFile", "key file", file, "make it " + make);
        try {
            return NixSecretKey.parse(setting.text());
        } catch (NixSyntaxException e) {
            throw setting.unusable(String.valueOf(e.getMessage()), "make one " + make);
        }
    }
}
