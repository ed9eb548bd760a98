package dispatcher.store;

import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/// What a path info says of the content: the SHA-256 of the path, the hash and the size of its NAR, and its
/// references. Two infos with the same fingerprint describe the same content. About 50 bytes in memory.
public record Fingerprint(long a, long b, long c, long d) {
    private static final String WHAT = "fingerprint";

    /// @param info with the size of the NAR
    public static Fingerprint of(PathInfo info) {
        var digest = HashAlgorithm.SHA256.newDigest();
        add(digest, info.path().baseName());
        digest.update(info.narHash().bytes().toByteArray());
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, info.narSize()));
        for (var reference : info.references()) add(digest, reference.baseName());
        return of(ByteBuffer.wrap(digest.digest()));
    }

    private static void add(MessageDigest digest, String name) {
        digest.update(name.getBytes(StandardCharsets.US_ASCII));
        digest.update((byte) '\n');
    }

    private static Fingerprint of(ByteBuffer bytes) {
        return new Fingerprint(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    /// Reads what [#toString] writes.
    ///
    /// @throws NixSyntaxException if it is none
    public static Fingerprint parse(String text) {
        try {
            var bytes = HexFormat.of().parseHex(text);
            if (bytes.length == HashAlgorithm.SHA256.size()) return of(ByteBuffer.wrap(bytes));
        } catch (IllegalArgumentException e) {
            // Reported below.
        }
        throw NixSyntaxException.of(WHAT, text, "it has 64 digits in base 16");
    }

    /// 64 digits in base 16.
    @Override
    public String toString() {
        var hex = HexFormat.of();
        return hex.toHexDigits(a) + hex.toHexDigits(b) + hex.toHexDigits(c) + hex.toHexDigits(d);
    }
}
