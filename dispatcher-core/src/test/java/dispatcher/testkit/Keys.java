package dispatcher.testkit;

import dispatcher.nix.key.NixSecretKey;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Base64;

/// Keys for tests, new ones each time.
public final class Keys {
    private static final int BYTES = 32;

    private Keys() {}

    public static NixSecretKey secret(String name) throws GeneralSecurityException {
        var pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(last(pair.getPrivate().getEncoded()));
        bytes.writeBytes(last(pair.getPublic().getEncoded()));
        return NixSecretKey.parse(name + ":" + Base64.getEncoder().encodeToString(bytes.toByteArray()));
    }

    private static byte[] last(byte[] encoded) {
        return Arrays.copyOfRange(encoded, encoded.length - BYTES, encoded.length);
    }
}
