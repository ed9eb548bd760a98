package dispatcher.ssh.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import org.apache.sshd.common.config.keys.OpenSshCertificate;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;

/// Certificates of OpenSSH for users, in files of one line such as `id_ed25519-cert.pub`.
final class Certificates {
    private static final int MOST_BYTES = 64 * 1024;
    static final String SUFFIX = "-cert-v01@openssh.com";

    private Certificates() {}

    /// A certificate of a user.
    ///
    /// @param shown with the encoding of the file
    /// @param key   that it is for
    record UserCertificate(HostKey shown, HostKey key) {}

    /// @throws IOException if it cannot be read, is none of a user, or does not hold now, with a message for people
    static UserCertificate read(Path file, Instant now) throws IOException {
        String text;
        try (InputStream in = Files.newInputStream(file)) {
            text = new String(in.readNBytes(MOST_BYTES), UTF_8).strip();
        }
        try {
            HostKey shown = HostKey.parse(text);
            JdkEdDsa.install();
            if (!(new ByteArrayBuffer(Base64.getDecoder().decode(shown.base64())).getRawPublicKey()
                    instanceof OpenSshCertificate certificate)) throw new IOException("it is a key and no certificate");
            if (certificate.getType() != OpenSshCertificate.Type.USER)
                throw new IOException("it is a certificate of a host");
            if (!OpenSshCertificate.isValidAt(certificate, now))
                throw new IOException("it holds from %s to %s"
                        .formatted(time(certificate.getValidAfter()), time(certificate.getValidBefore())));
            return new UserCertificate(shown, KeyFiles.encode(certificate.getCertPubKey()));
        } catch (IOException e) {
            throw e;
        } catch (Exception e) { // of many kinds, as the library declares
            throw new IOException("it is no certificate that can be read", e);
        }
    }

    private static String time(long seconds) {
        return seconds < 0 || seconds > Instant.MAX.getEpochSecond()
                ? "all time"
                : Instant.ofEpochSecond(seconds).toString();
    }
}
