package dispatcher.nix;

import java.util.Base64;
import java.util.HexFormat;

/// A hash and its algorithm, in any of the four encodings that Nix writes.
///
/// Source: Nix, `src/libutil/hash.cc`.
public record Hash(HashAlgorithm algorithm, ByteString bytes) {
    public Hash {
        if (bytes.length() != algorithm.size())
            throw new IllegalArgumentException(
                    "%s has %d bytes, not %d".formatted(algorithm.nixName(), algorithm.size(), bytes.length()));
    }

    public static Hash of(HashAlgorithm algorithm, byte[] bytes) {
        return new Hash(algorithm, ByteString.copyOf(bytes));
    }

    public static Hash sha256(byte[] content) {
        return new Hash(
                HashAlgorithm.SHA256,
                ByteString.wrap(HashAlgorithm.SHA256.newDigest().digest(content)));
    }

    /// Reads `<algorithm>:<digits>` and SRI's `<algorithm>-<base64>`.
    public static Hash parseTyped(String text) {
        int colon = text.indexOf(':');
        if (colon >= 0) return parse(HashAlgorithm.parse(text.substring(0, colon)), text.substring(colon + 1));
        int dash = text.indexOf('-');
        if (dash < 0) throw NixSyntaxException.of("hash", text, "it begins with its algorithm and ':' or '-'");
        return decodeBase64(HashAlgorithm.parse(text.substring(0, dash)), text, text.substring(dash + 1));
    }

    /// Reads digits of a known algorithm, alone or with its prefix; their number decides between base 16, 32 and 64.
    public static Hash parse(HashAlgorithm algorithm, String text) {
        if (text.startsWith(algorithm.nixName() + ":") || text.startsWith(algorithm.nixName() + "-"))
            return parseTyped(text);
        int size = algorithm.size();
        if (text.length() == size * 2) {
            try {
                return new Hash(algorithm, ByteString.wrap(HexFormat.of().parseHex(text)));
            } catch (IllegalArgumentException e) {
                throw NixSyntaxException.of("base-16 hash", text, "it has digits other than 0-9 and a-f");
            }
        }
        if (text.length() == Nix32.digits(size)) return new Hash(algorithm, ByteString.wrap(Nix32.decode(text, size)));
        if (text.length() == (size + 2) / 3 * 4) return decodeBase64(algorithm, text, text);
        throw NixSyntaxException.of(
                algorithm.nixName() + " hash",
                text,
                "it has %d digits in base 16, %d in base 32 or %d in base 64, not %d"
                        .formatted(size * 2, Nix32.digits(size), (size + 2) / 3 * 4, text.length()));
    }

    private static Hash decodeBase64(HashAlgorithm algorithm, String whole, String digits) {
        try {
            var bytes = Base64.getDecoder().decode(digits);
            if (bytes.length == algorithm.size()) return new Hash(algorithm, ByteString.wrap(bytes));
        } catch (IllegalArgumentException e) {
            throw NixSyntaxException.of("base-64 hash", whole, "it is not base 64");
        }
        throw NixSyntaxException.of(
                "base-64 hash", whole, "%s has %d bytes".formatted(algorithm.nixName(), algorithm.size()));
    }

    public String base16() {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }

    public String nix32() {
        return Nix32.encode(bytes.toByteArray());
    }

    public String sri() {
        return algorithm.nixName() + "-" + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    /// `<algorithm>:<base 32>`, as path infos of the serve protocol and narinfo files have it.
    @Override
    public String toString() {
        return algorithm.nixName() + ":" + nix32();
    }
}
