package dispatcher.nix;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The hash algorithms of Nix, with their size in bytes.
public enum HashAlgorithm {
    MD5("md5", 16, "MD5"),
    SHA1("sha1", 20, "SHA-1"),
    SHA256("sha256", 32, "SHA-256"),
    SHA512("sha512", 64, "SHA-512"),
    /// Known by name and size only: no digest of it comes with the JDK.
    BLAKE3("blake3", 32, "BLAKE3");

    private final String nixName;
    private final int size;
    private final String javaName;

    HashAlgorithm(String nixName, int size, String javaName) {
        this.nixName = nixName;
        this.size = size;
        this.javaName = javaName;
    }

    public String nixName() {
        return nixName;
    }

    public int size() {
        return size;
    }

    public static HashAlgorithm parse(String name) {
        for (var algorithm : values()) if (algorithm.nixName.equals(name)) return algorithm;
        throw NixSyntaxException.of("hash algorithm", name, "one of md5, sha1, sha256, sha512, blake3");
    }

    /// @throws UnsupportedOperationException for an algorithm that the JDK does not have
    public MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance(javaName);
        } catch (NoSuchAlgorithmException e) {
            throw new UnsupportedOperationException("no " + nixName + " in this Java runtime", e);
        }
    }
}
