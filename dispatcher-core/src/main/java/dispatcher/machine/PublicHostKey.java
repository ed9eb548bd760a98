package dispatcher.machine;

import dispatcher.nix.Hash;
import dispatcher.nix.NixSyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The public key by which an SSH server proves who it is. A server may have several, of which any is a proof.
///
/// Three texts stand for the same key: the line as in `/etc/ssh/ssh_host_ed25519_key.pub` (`<type> <base 64>
/// [comment]`), the base 64 of that whole line (NixOS' `publicHostKey`, the 8th field of a machines file), and
/// the first two words of the line, which is what [#toString] gives.
///
/// @param type   e.g. `ssh-ed25519`
/// @param base64 the key itself: base 64 of an SSH string with the type again, and then the numbers
public record PublicHostKey(String type, String base64) {
    private static final String WHAT = "public host key";
    private static final String CERTIFICATE = "-cert-v";
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
        if (!isWhole(type, decode(base64)))
            throw NixSyntaxException.of(
                    WHAT, type + " " + base64, "the key is cut short or has something behind it; write the whole line");
    }

    /// Whether the encoding of a key is a row of texts, each after its length, and nothing else (RFC 4251, section 5).
    /// The first of them is its type. Certificates have other things in them, and are not looked into.
    public static boolean isWhole(String type, byte[] key) {
        if (type.contains(CERTIFICATE)) return true;
        var rest = ByteBuffer.wrap(key);
        int texts = 0;
        while (rest.remaining() >= Integer.BYTES) {
            int length = rest.getInt();
            if (length < 0 || length > rest.remaining()) return false;
            rest.position(rest.position() + length);
            texts++;
        }
        return !rest.hasRemaining() && texts > 1;
    }

    /// Reads one key: its line or the base 64 of it.
    ///
    /// @throws NixSyntaxException if it is neither, or several keys
    public static PublicHostKey parse(String text) {
        return only(text, parseAll(text));
    }

    /// Reads one key or more: their lines, or the base 64 of all these lines together, which may be broken into
    /// lines itself. Lines that are empty or begin with `#` say nothing.
    ///
    /// @throws NixSyntaxException if it is neither
    public static List<PublicHostKey> parseAll(String text) {
        var lines = lines(text);
        boolean encoded = lines.stream().noneMatch(line -> BLANKS.matcher(line).find());
        return encoded ? ofEncodedLines(String.join("", lines)) : ofLines(lines);
    }

    /// Reads the base 64 of one key line or more, and nothing else: what Nix takes in a machines file or a store
    /// URI.
    ///
    /// @throws NixSyntaxException if it is no base 64, or what it stands for are no key lines
    public static List<PublicHostKey> ofEncodedLines(String text) {
        var decoded = decode(text);
        if (TYPE.matcher(typeOf(decoded)).matches())
            throw NixSyntaxException.of(
                    WHAT, text, "this is a bare key; wanted is the base 64 of the whole line `<type> <key>`");
        var lines = lines(new String(decoded, StandardCharsets.UTF_8));
        if (lines.isEmpty()
                || !lines.stream().allMatch(line -> BLANKS.matcher(line).find()))
            throw NixSyntaxException.of(WHAT, text, "it is neither a line `<type> <key>` nor the base 64 of one");
        return ofLines(lines);
    }

    /// The same for one key.
    ///
    /// @throws NixSyntaxException as [#ofEncodedLines], or if it is several keys
    public static PublicHostKey ofEncodedLine(String text) {
        return only(text, ofEncodedLines(text));
    }

    private static PublicHostKey only(String text, List<PublicHostKey> keys) {
        if (keys.size() != 1) throw NixSyntaxException.of(WHAT, text, "it is %d keys".formatted(keys.size()));
        return keys.getFirst();
    }

    private static List<String> lines(String text) {
        return text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
    }

    private static List<PublicHostKey> ofLines(List<String> lines) {
        return lines.stream().map(PublicHostKey::ofLine).distinct().toList();
    }

    private static PublicHostKey ofLine(String line) {
        var words = BLANKS.split(line, 3);
        if (words.length < 2) throw NixSyntaxException.of(WHAT, line, "a line should be `<type> <key>`");
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

    /// As a [MachineAddress] has them: a line `<type> <base 64>` each.
    public static String lines(List<PublicHostKey> keys) {
        return keys.stream().map(PublicHostKey::toString).collect(Collectors.joining("\n"));
    }

    /// `<type> <base 64>`.
    @Override
    public String toString() {
        return type + " " + base64;
    }
}
