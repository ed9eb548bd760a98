package dispatcher.nix;

import java.util.HexFormat;

/// The SHA-256 of a NAR, which is how Nix identifies content.
public record NarHash(ByteString bytes) {
    public NarHash {
        if (bytes.length() != HashAlgorithm.SHA256.size())
            throw new IllegalArgumentException("a NAR hash has 32 bytes, not " + bytes.length());
    }

    /// Reads any encoding, with or without `sha256:` before it.
    public static NarHash parse(String text) {
        return new NarHash(Hash.parse(HashAlgorithm.SHA256, text).bytes());
    }

    public static NarHash of(byte[] digest) {
        return new NarHash(ByteString.copyOf(digest));
    }

    /// 64 digits without a prefix: the worker protocol's form.
    public String base16() {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }

    /// The digits alone, 52 of them.
    public String nix32() {
        return Nix32.encode(bytes.toByteArray());
    }

    /// `sha256:<base 32>`: the form of the serve protocol, narinfo files and messages.
    @Override
    public String toString() {
        return "sha256:" + nix32();
    }
}
