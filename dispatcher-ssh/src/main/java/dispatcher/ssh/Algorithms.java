package dispatcher.ssh;

import java.util.List;
import java.util.stream.Stream;
import org.apache.sshd.common.BaseBuilder;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.cipher.BuiltinCiphers;
import org.apache.sshd.common.compression.BuiltinCompressions;
import org.apache.sshd.common.compression.Compression;
import org.apache.sshd.common.kex.BuiltinDHFactories;
import org.apache.sshd.common.kex.DHFactory;
import org.apache.sshd.common.mac.BuiltinMacs;
import org.apache.sshd.common.mac.Mac;
import org.apache.sshd.common.signature.BuiltinSignatures;
import org.apache.sshd.common.signature.Signature;

/// The algorithms that are offered to peers, best first. AES-GCM leads as processors have instructions for it, which
/// makes it three times as fast as chacha20-poly1305 here, and curve25519 leads as its login is the fastest.
///
/// In SSH the client's order decides. OpenSSH's clients put AES-GCM last, so our server offers nothing else; all of
/// them accept it since version 6.2 (2013).
public final class Algorithms {
    public static final List<DHFactory> KEY_EXCHANGES = List.of(
            BuiltinDHFactories.curve25519,
            BuiltinDHFactories.curve25519_libssh,
            MlKem768.WITH_X25519,
            BuiltinDHFactories.ecdhp256,
            BuiltinDHFactories.ecdhp384,
            BuiltinDHFactories.ecdhp521,
            BuiltinDHFactories.dhg16_512,
            BuiltinDHFactories.dhg14_256);

    /// The bytes after which there is a new key exchange. AES-GCM bears four times as much (RFC 4344, section 3.2); the
    /// library's own limit, for older ciphers, would interrupt a transfer every second.
    public static final long BYTES_PER_KEY = 16L << 30;

    /// Of hosts whose key an authority has signed.
    private static final List<NamedFactory<Signature>> CERTIFICATES = List.of(
            BuiltinSignatures.ed25519_cert,
            BuiltinSignatures.nistp256_cert,
            BuiltinSignatures.nistp384_cert,
            BuiltinSignatures.nistp521_cert,
            BuiltinSignatures.rsaSHA512_cert,
            BuiltinSignatures.rsaSHA256_cert);

    private Algorithms() {}

    public static <B extends BaseBuilder<?, B>> B offeredToServers(B builder) {
        return offered(builder)
                .signatureFactories(Stream.concat(CERTIFICATES.stream(), signatures().stream())
                        .toList())
                .cipherFactories(List.of(
                        BuiltinCiphers.aes128gcm,
                        BuiltinCiphers.aes256gcm,
                        BuiltinCiphers.aes256ctr,
                        BuiltinCiphers.aes192ctr,
                        BuiltinCiphers.aes128ctr,
                        BuiltinCiphers.cc20p1305_openssh));
    }

    public static <B extends BaseBuilder<?, B>> B offeredToClients(B builder) {
        return offered(builder).cipherFactories(List.of(BuiltinCiphers.aes128gcm, BuiltinCiphers.aes256gcm));
    }

    private static <B extends BaseBuilder<?, B>> B offered(B builder) {
        return builder.macFactories(macs())
                .compressionFactories(compressions(false))
                .signatureFactories(signatures());
    }

    private static List<NamedFactory<Mac>> macs() {
        return List.of(
                BuiltinMacs.hmacsha256etm, BuiltinMacs.hmacsha512etm, BuiltinMacs.hmacsha256, BuiltinMacs.hmacsha512);
    }

    public static List<NamedFactory<Compression>> compressions(boolean wanted) {
        return wanted ? List.of(FastZlib.FACTORY, BuiltinCompressions.none) : List.of(BuiltinCompressions.none);
    }

    private static List<NamedFactory<Signature>> signatures() {
        return List.of(
                BuiltinSignatures.ed25519,
                BuiltinSignatures.nistp256,
                BuiltinSignatures.nistp384,
                BuiltinSignatures.nistp521,
                BuiltinSignatures.rsaSHA512,
                BuiltinSignatures.rsaSHA256);
    }
}
