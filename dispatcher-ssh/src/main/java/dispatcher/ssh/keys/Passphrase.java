package dispatcher.ssh.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import dispatcher.secret.SecretFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/// Passphrases of private keys, and what the SSH library cannot decrypt with them.
final class Passphrase {
    private static final int MOST_BYTES = 4096;
    private static final String BEGIN = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
    private static final String END = "-----END ENCRYPTED PRIVATE KEY-----";

    private Passphrase() {}

    /// The passphrase in a file: its text without the end of its last line.
    ///
    /// @throws IOException if it cannot be used, with a message for people
    static String read(Path file) throws IOException {
        try {
            var exposure = SecretFile.exposure("passphrase file", file);
            if (exposure.isPresent())
                throw new IOException(
                        exposure.get().what() + "; " + exposure.get().nextStep());
            try (InputStream in = Files.newInputStream(file)) {
                byte[] bytes = in.readNBytes(MOST_BYTES + 1);
                if (bytes.length > MOST_BYTES)
                    throw new IOException("the passphrase file %s has more than %d bytes".formatted(file, MOST_BYTES));
                return new String(bytes, UTF_8).replaceFirst("\\r?\\n\\z", "");
            }
        } catch (NoSuchFileException e) {
            throw new IOException("the passphrase file %s does not exist".formatted(file), e);
        } catch (AccessDeniedException e) {
            throw new IOException(
                    "the passphrase file %s is not readable for user %s"
                            .formatted(file, System.getProperty("user.name")),
                    e);
        }
    }

    /// Whether the text is a key that is encrypted as in PKCS #8.
    static boolean isPkcs8(String text) {
        return text.contains(BEGIN);
    }

    /// The same key in PKCS #8 without encryption. By the JDK, as the library (Apache MINA SSHD 2.20.0) leaves this to
    /// Bouncy Castle.
    ///
    /// @throws GeneralSecurityException if the passphrase does not fit, or the encryption is not known
    static String decrypted(String text, String passphrase) throws GeneralSecurityException, IOException {
        int start = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END, start);
        if (end < 0) throw new IOException("its last line is missing");
        EncryptedPrivateKeyInfo info =
                new EncryptedPrivateKeyInfo(Base64.getMimeDecoder().decode(text.substring(start, end)));
        var parameters = info.getAlgParameters();
        if (parameters == null) throw new GeneralSecurityException("its encryption is not known here");
        // Its name has the cipher and the hash in it, that of the algorithm has not.
        String algorithm = parameters.toString();
        Cipher cipher = Cipher.getInstance(algorithm);
        PBEKeySpec spec = new PBEKeySpec(passphrase.toCharArray());
        try {
            cipher.init(
                    Cipher.DECRYPT_MODE, SecretKeyFactory.getInstance(algorithm).generateSecret(spec), parameters);
        } finally {
            spec.clearPassword();
        }
        byte[] key = info.getKeySpec(cipher).getEncoded();
        return "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"
                .formatted(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key));
    }
}
