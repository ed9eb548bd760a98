package dispatcher.client;

import dispatcher.fleet.PublicHostKey;
import dispatcher.nix.NixSyntaxException;
import java.util.Base64;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// How a rule names clients.
public sealed interface ClientPattern {
    /// The key with this fingerprint, as `ssh-keygen -l` shows it: `SHA256:` and base 64 without padding.
    record Fingerprint(String text) implements ClientPattern {
        private static final int DIGEST_BYTES = 32;

        public Fingerprint {
            if (!isFingerprint(text))
                throw new IllegalArgumentException(
                        "'%s' is no fingerprint; see `ssh-keygen -lf KEY.pub`: SHA256: and 43 letters and digits"
                                .formatted(text));
        }

        private static boolean isFingerprint(String text) {
            if (!text.startsWith(FINGERPRINT)) return false;
            try {
                return Base64.getDecoder().decode(text.substring(FINGERPRINT.length())).length == DIGEST_BYTES;
            } catch (IllegalArgumentException e) {
                return false;
            }
        }
    }

    /// Names in which `*` stands for any text: comments of keys, or users of this host.
    record Name(String text) implements ClientPattern {
        public Name {
            if (text.isBlank()) throw new IllegalArgumentException("an empty name is nobody's");
        }

        boolean matches(String name) {
            var expression =
                    Stream.of(text.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
            return Pattern.compile(expression, Pattern.DOTALL).matcher(name).matches();
        }
    }

    /// What fingerprints begin with.
    String FINGERPRINT = "SHA256:";

    /// Reads a key: a fingerprint, a whole public key `<type> <base 64>`, or the comment in `authorized_keys`.
    ///
    /// @throws IllegalArgumentException if it is none, with a message for people
    static ClientPattern ofKey(String text) {
        var trimmed = text.strip();
        if (trimmed.startsWith(FINGERPRINT)) return new Fingerprint(trimmed);
        if (!trimmed.matches("(ssh|ecdsa)-\\S+\\s+AAAA.*")) return new Name(trimmed);
        try {
            return new Fingerprint(PublicHostKey.parse(trimmed).fingerprint());
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }
}
