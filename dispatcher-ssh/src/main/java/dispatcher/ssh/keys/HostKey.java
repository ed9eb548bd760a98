package dispatcher.ssh.keys;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dispatcher.machine.PublicHostKey;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/// A public key as it stands in files: its type and its encoding (RFC 4253, section 6.6). Two are equal when they
/// are the same key.
///
/// @param type   e.g. `ssh-ed25519`
/// @param base64 the encoding, which itself begins with the type, in padded base 64
public record HostKey(String type, String base64) {

    /// Reads `<type> <base 64>`; more words after these are a comment.
    ///
    /// @throws IllegalArgumentException if it is no such text
    public static HostKey parse(String text) {
        String[] words = text.strip().split("\\s+", 3);
        if (words.length < 2) throw new IllegalArgumentException("'" + text + "' is not '<type> <base 64>'");
        byte[] encoded;
        try {
            encoded = Base64.getDecoder().decode(words[1]);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + words[1] + "' is not base 64", e);
        }
        HostKey key = of(encoded);
        if (!key.type().equals(words[0]))
            throw new IllegalArgumentException(
                    "the key says that it is '%s', not '%s'".formatted(key.type(), words[0]));
        if (!PublicHostKey.isWhole(key.type(), encoded))
            throw new IllegalArgumentException(
                    "the key is cut short or has something behind it; write the whole line of its .pub file");
        return key;
    }

    /// @throws IllegalArgumentException if it does not begin with a type
    static HostKey of(byte[] encoded) {
        if (encoded.length < Integer.BYTES)
            throw new IllegalArgumentException("a key of %d bytes is none".formatted(encoded.length));
        int length = ByteBuffer.wrap(encoded).getInt();
        if (length < 1 || length > encoded.length - Integer.BYTES)
            throw new IllegalArgumentException("a key of %d bytes is cut short".formatted(encoded.length));
        String type = new String(encoded, Integer.BYTES, length, US_ASCII);
        return new HostKey(type, Base64.getEncoder().encodeToString(encoded));
    }

    /// As `ssh-keygen -l` shows it: `SHA256:` and base 64 without padding.
    public String fingerprint() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(Base64.getDecoder().decode(base64));
            return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Type and fingerprint: `ssh-ed25519 SHA256:…`.
    public String describe() {
        return type + " " + fingerprint();
    }

    /// As in files: `<type> <base 64>`.
    @Override
    public String toString() {
        return type + " " + base64;
    }
}
