package dispatcher.fleet;

import dispatcher.nix.Hash;
import dispatcher.nix.NixSyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;

/// The public key by which an SSH server proves who it is.
///
/// Three texts stand for the same key: the line as in `/etc/ssh/ssh_host_ed25519_key.pub` (`<type> <base 64>
/// [comment]`), the base 64 of that whole line (NixOS' `publicHostKey`, the 8th field of a machines file), and
/// the first two words of the line, which is what [#toString] gives.
///
/// @param type   e.g. `ssh-ed25519`
/// @param base64 the key itself: base 64 of an SSH string with the type again, and then the numbers
public record PublicHostKey(String type, String base64) {
    private static final String WHAT = "public host key";
    private static final Pattern BLANKS = Pattern.compile("\\s+");
    private static final Pattern TYPE = Pattern.compile("[a-z0-9@.-]+");

    public PublicHostKey {
        if (!TYPE.matcher(type).matches())
            throw NixSyntaxException.of(WHAT, type, "it should begin with a type such as ssh-ed25519");
        var typeWithin = typeOf(decode(base64));
        if (!typeWithin.equals(type))
            throw NixSyntaxException.of(
                    WHAT,
                    type + " " + base64,
                    typeWithin.isEmpty()
                            ? "the text after the type is no SSH key"
                            : "the key says of itself that it is of the type " + typeWithin);
    }

    /// Reads the key line or the base 64 of it.
    ///
    /// @throws NixSyntaxException if it is neither
    public static PublicHostKey parse(String text) {
        var trimmed = text.strip();
        return BLANKS.matcher(trimmed).find() ? ofLine(trimmed) : ofEncodedLine(trimmed);
    }

    /// Reads the base 64 of the key line and nothing else: what Nix takes in a machines file or a store URI.
    ///
    /// @throws NixSyntaxException if it is no base 64, or what it stands for is no key line
    public static PublicHostKey ofEncodedLine(String text) {
        var decoded = decode(text);
        if (TYPE.matcher(typeOf(decoded)).matches())
            throw NixSyntaxException.of(
                    WHAT, text, "this is a bare key; wanted is the base 64 of the whole line `<type> <key>`");
        var line = new String(decoded, StandardCharsets.UTF_8).strip();
        if (!BLANKS.matcher(line).find())
            throw NixSyntaxException.of(WHAT, text, "it is neither a line `<type> <key>` nor the base 64 of one");
        return ofLine(line);
    }

    private static PublicHostKey ofLine(String line) {
        var words = BLANKS.split(line);
        return new PublicHostKey(words[0], words[1]);
    }

    private static byte[] decode(String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw NixSyntaxException.of(WHAT, text, "it is not valid base 64");
        }
    }

    /// The SSH string at the start of a key (`u32` length, big endian, and the bytes); empty if there is none.
    private static String typeOf(byte[] key) {
        if (key.length < 4) return "";
        var buffer = ByteBuffer.wrap(key);
        int length = buffer.getInt();
        return length < 1 || length > buffer.remaining()
                ? ""
                : new String(key, Integer.BYTES, length, StandardCharsets.US_ASCII);
    }

    /// As `ssh-keygen -l` shows it: `SHA256:` and base 64 without padding.
    public String fingerprint() {
        var digest = Hash.sha256(decode(base64)).bytes().toByteArray();
        return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(digest);
    }

    /// The base 64 of the key line, for the 8th field of a machines file.
    public String encodedLine() {
        return Base64.getEncoder().encodeToString(toString().getBytes(StandardCharsets.US_ASCII));
    }

    /// `<type> <base 64>`.
    @Override
    public String toString() {
        return type + " " + base64;
    }
}
