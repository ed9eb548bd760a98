package dispatcher.nix.key;

import dispatcher.nix.ByteString;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.Base64;

/// A key that paths are signed with, as `nix-store --generate-binary-cache-key` makes it: `<name>:<base 64>` of 64
/// bytes, the seed of an Ed25519 key and its public half. Never printed. Immutable.
///
/// Source: Nix, `src/libutil/signature/local-keys.cc`.
public final class NixSecretKey {
    private static final String WHAT = "secret key";
    private static final int SEED = 32;
    private static final int BYTES = 64;

    private final String name;
    private final NixPublicKey publicKey;
    private final PrivateKey key;

    private NixSecretKey(String name, byte[] bytes) {
        this.name = name;
        this.publicKey = new NixPublicKey(name, ByteString.copyOf(bytes, SEED, BYTES));
        try {
            this.key = KeyFactory.getInstance("Ed25519")
                    .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, Arrays.copyOf(bytes, SEED)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no Ed25519", e);
        }
    }

    /// @param text as the file has it, with or without an end of line
    /// @throws NixSyntaxException if it is none; does not repeat any of it
    public static NixSecretKey parse(String text) {
        var line = text.strip();
        int colon = line.indexOf(':');
        if (colon <= 0 || line.chars().anyMatch(c -> c <= ' ' || c > '~'))
            throw wrong("it is one line, a name, a colon and base 64");
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(line.substring(colon + 1));
        } catch (IllegalArgumentException e) {
            throw wrong("what follows the colon is not base 64");
        }
        if (bytes.length != BYTES) throw wrong("it has %d bytes, not %d".formatted(bytes.length, BYTES));
        return new NixSecretKey(line.substring(0, colon), bytes);
    }

    private static NixSyntaxException wrong(String fault) {
        return NixSyntaxException.of(WHAT, "(not shown)", fault);
    }

    public String name() {
        return name;
    }

    /// What clients put into `trusted-public-keys`.
    public NixPublicKey publicKey() {
        return publicKey;
    }

    /// `info` with this key's signature among the others.
    ///
    /// @throws IllegalStateException if the NAR's size is not known
    public PathInfo sign(PathInfo info, StoreDir storeDir) {
        return info.withSignature(sign(info.fingerprint(storeDir)).toString());
    }

    /// The signature of a text.
    public NixSignature sign(String fingerprint) {
        try {
            var signer = Signature.getInstance("Ed25519");
            signer.initSign(key);
            signer.update(fingerprint.getBytes(StandardCharsets.UTF_8));
            return new NixSignature(name, ByteString.wrap(signer.sign()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot sign with the key " + name, e);
        }
    }

    @Override
    public String toString() {
        return "secret key " + name;
    }
}
