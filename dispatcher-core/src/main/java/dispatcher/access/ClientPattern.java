package dispatcher.access;

import dispatcher.text.Wildcards;
import java.util.Base64;

/// How a rule names clients.
public sealed interface ClientPattern {
    /// The key with this fingerprint, as `ssh-keygen -l` shows it: `SHA256:` and base 64 without padding.
    ///
    /// @param text may have padding when it is made
    record Fingerprint(String text) implements ClientPattern {
        private static final int DIGEST_BYTES = 32;

        public Fingerprint {
            text = normalised(text);
        }

        /// As the fingerprints of keys that come in are written, to which this one is compared.
        private static String normalised(String text) {
            if (text.startsWith(PREFIX)) {
                try {
                    var digest = Base64.getDecoder().decode(text.substring(PREFIX.length()));
                    if (digest.length == DIGEST_BYTES)
                        return PREFIX + Base64.getEncoder().withoutPadding().encodeToString(digest);
                } catch (IllegalArgumentException e) {
                    // Reported below.
                }
            }
            throw new IllegalArgumentException(
                    "'%s' is no fingerprint; see `ssh-keygen -lf KEY.pub`: SHA256: and 43 letters and digits"
                            .formatted(text));
        }

        @Override
        public boolean covers(ClientPattern other) {
            return equals(other);
        }
    }

    /// Names in which `*` stands for any text: comments of keys, or users of this host.
    record Name(String text) implements ClientPattern {
        private static final String ANY = "*";

        public Name {
            if (text.isBlank()) throw new IllegalArgumentException("an empty name is nobody's");
        }

        /// Everybody.
        public boolean isAny() {
            return text.equals(ANY);
        }

        /// Whether it may stand for several names.
        public boolean hasWildcard() {
            return text.contains(ANY);
        }

        public boolean matches(String name) {
            return Wildcards.matches(text, name);
        }

        @Override
        public boolean covers(ClientPattern other) {
            return switch (other) {
                case Fingerprint _ -> isAny();
                // A star of the other one can only be matched by one here.
                case Name(var names) -> matches(names);
            };
        }
    }

    /// What fingerprints begin with.
    String PREFIX = "SHA256:";

    /// Whether each client that `other` names is named by this one, with any keys and users.
    boolean covers(ClientPattern other);

    /// Whether it names the client with this key.
    ///
    /// @param fingerprint `SHA256:…`
    /// @param comment     of the key, in the file of authorised keys
    default boolean isForKey(String fingerprint, String comment) {
        return switch (this) {
            case Fingerprint(var text) -> text.equals(fingerprint);
            case Name name -> name.matches(comment);
        };
    }

    /// Reads a key: a fingerprint, a whole public key `<type> <base 64>`, or the comment in `authorized_keys`.
    ///
    /// @throws IllegalArgumentException if it is none, with a message for people; also if it looks as if a key was
    ///     meant, since as a comment it would name no client
    static ClientPattern ofKey(String text) {
        return KeyText.parse(text.strip());
    }

    /// Reads a user of this host.
    ///
    /// @throws IllegalArgumentException if it is none, with a message for people
    static Name ofUser(String text) {
        var name = text.strip();
        if (name.startsWith("@"))
            throw new IllegalArgumentException(
                    "'%s' is a group, and rules name users; write their names".formatted(name));
        if (name.matches("\\d+"))
            throw new IllegalArgumentException(
                    "'%s' is a number; write the name of the user, see `id -un %s`".formatted(name, name));
        return new Name(name);
    }
}
