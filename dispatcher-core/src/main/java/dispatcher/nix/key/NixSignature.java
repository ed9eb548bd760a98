package dispatcher.nix.key;

import dispatcher.nix.ByteString;
import dispatcher.nix.NixSyntaxException;
import java.util.Base64;

/// A signature of a path: `<key name>:<base 64>`.
///
/// @param keyName which key it is by, as its maker says
/// @param bytes   64, an Ed25519 signature
public record NixSignature(String keyName, ByteString bytes) {
    static final String WHAT = "signature";
    private static final int BYTES = 64;

    public NixSignature {
        NixPublicKey.requireName(WHAT, keyName);
        if (bytes.length() != BYTES)
            throw NixSyntaxException.of(
                    WHAT, keyName, "a signature has %d bytes, not %d".formatted(BYTES, bytes.length()));
    }

    /// @throws NixSyntaxException if it is none
    public static NixSignature parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) throw NixSyntaxException.of(WHAT, text, "it is the name of a key, a colon and base 64");
        return new NixSignature(text.substring(0, colon), NixPublicKey.decode(WHAT, text.substring(colon + 1)));
    }

    @Override
    public String toString() {
        return keyName + ":" + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
