package dispatcher.nix.key;

import dispatcher.nix.ByteString;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// A key that signatures of paths can be checked with, as in Nix's `trusted-public-keys`: `<name>:<base 64>`.
///
/// Source: Nix, `src/libutil/signature/local-keys.cc`.
///
/// @param bytes 32, an Ed25519 key
public record NixPublicKey(String name, ByteString bytes) {
    private static final String WHAT = "public key";
    private static final int BYTES = 32;
    private static final Pattern NAME = Pattern.compile("[^\\s:\\p{Cntrl}]+");

    /// What stands before the key in an X.509 SubjectPublicKeyInfo (RFC 8410, section 4).
    private static final byte[] PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

    public NixPublicKey {
        requireName(WHAT, name);
        if (bytes.length() != BYTES)
            throw NixSyntaxException.of(WHAT, name, "a key has %d bytes, not %d".formatted(BYTES, bytes.length()));
    }

    /// @throws NixSyntaxException if it is none; does not repeat a text that may be a secret key
    public static NixPublicKey parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0)
            throw NixSyntaxException.of(
                    WHAT, "(%d chars)".formatted(text.length()), "it is a name, a colon and base 64");
        return new NixPublicKey(text.substring(0, colon), decode(WHAT, text.substring(colon + 1)));
    }

    static void requireName(String what, String name) {
        if (!NAME.matcher(name).matches())
            throw NixSyntaxException.of("name of a " + what, name, "it is not empty and has no blanks and no colon");
    }

    static ByteString decode(String what, String text) {
        try {
            return ByteString.wrap(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            throw NixSyntaxException.of(what, "(%d chars)".formatted(text.length()), "it is not valid base 64");
        }
    }

    /// Whether `signature` is by this key, for the path, NAR hash, NAR size and references of `info`.
    ///
    /// @throws IllegalStateException if the NAR's size is not known
    public boolean verifies(NixSignature signature, PathInfo info, StoreDir storeDir) {
        return verifies(signature, info.fingerprint(storeDir));
    }

    /// Whether `signature` is by this key, for that text.
    public boolean verifies(NixSignature signature, String fingerprint) {
        if (!signature.keyName().equals(name)) return false;
        try {
            var verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(key());
            verifier.update(fingerprint.getBytes(StandardCharsets.UTF_8));
            return verifier.verify(signature.bytes().toByteArray());
        } catch (SignatureException e) {
            return false;
        } catch (GeneralSecurityException e) {
            // Bytes that are no point on the curve.
            return false;
        }
    }

    private PublicKey key() throws GeneralSecurityException {
        var encoded = new byte[PREFIX.length + BYTES];
        System.arraycopy(PREFIX, 0, encoded, 0, PREFIX.length);
        bytes.copyTo(encoded, PREFIX.length);
        return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
    }

    /// `<name>:<base 64>`, which [#parse] reads.
    @Override
    public String toString() {
        return name + ":" + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
