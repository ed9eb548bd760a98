package dispatcher.ssh.keys;

import java.util.Set;
import java.util.TreeSet;

/// A line of authorized_keys: `[options] <type> <base 64> [comment]`.
///
/// The SSH library's own reader (`AuthorizedKeyEntry`, Apache MINA SSHD 2.20.0) is not used, as it accepts keys of
/// another type than the line's and types that no client can log in with, and fails at two blanks between type and key
/// and at quotes in a comment after options: `AuthorizedKeysTest` holds each of these.
///
/// @param name of the client: the comment, or the fingerprint without one
public record AuthorizedKey(HostKey key, String name, KeyOptions options) {
    private static final Set<String> TYPES =
            Set.of("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521");
    private static final int SHOWN = 60;

    /// @throws IllegalArgumentException if it cannot be read, or its key must not be used, with the reason
    public static AuthorizedKey parse(String line) {
        if (TYPES.contains(firstWord(line))) return of(line, KeyOptions.NONE);
        int end = OptionList.end(line);
        String rest = line.substring(end).strip();
        String type = firstWord(rest);
        if (TYPES.contains(type)) return of(rest, KeyOptions.parse(line.substring(0, end)));
        String unknown = type.startsWith("AAAA") ? firstWord(line) : type;
        throw new IllegalArgumentException(
                isKeyType(unknown)
                        ? "keys of the type %s are not supported here; use one of %s".formatted(unknown, known())
                        : "no key of a type known here (%s) in '%s'".formatted(known(), shorten(line)));
    }

    private static AuthorizedKey of(String text, KeyOptions options) {
        HostKey key = HostKey.parse(text);
        String[] words = text.split("\\s+", 3);
        String comment = words.length > 2 ? words[2].strip() : "";
        return new AuthorizedKey(key, comment.isEmpty() ? key.fingerprint() : comment, options);
    }

    private static boolean isKeyType(String word) {
        return word.matches("(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+") && !word.contains("=");
    }

    private static String known() {
        return String.join(", ", new TreeSet<>(TYPES));
    }

    private static String firstWord(String text) {
        return text.split("\\s+", 2)[0];
    }

    private static String shorten(String line) {
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…";
    }
}
