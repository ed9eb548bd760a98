package dispatcher.ssh.keys;

import dispatcher.machine.MachineAddress;
import dispatcher.secret.SecretFile;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.apache.sshd.common.util.security.SecurityUtils;

/// Reads private keys, in OpenSSH's own format or PEM. They are read again for each connection, so that a key can
/// be replaced while we run.
public final class KeyFiles {

    private static final String BEGIN = "BEGIN OPENSSH PRIVATE KEY";
    private static final String END = "END OPENSSH PRIVATE KEY";

    /// `openssh-key-v1` and a zero byte.
    private static final int MAGIC_BYTES = 15;

    private KeyFiles() {}

    /// The keys to log in to a host with.
    ///
    /// @param fault why there is no key; a host that asks for none lets us in without
    /// @param notes what was not used, and why
    public record Identities(List<Credential> keys, Optional<UnreachableException> fault, List<String> notes) {
        public Identities {
            keys = List.copyOf(keys);
            notes = List.copyOf(notes);
        }
    }

    /// A key file that is encrypted, without a passphrase that fits.
    static final class Locked extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Optional<HostKey> publicKey;
        private final UnreachableException failure;

        Locked(Optional<HostKey> publicKey, UnreachableException failure) {
            super(failure);
            this.publicKey = publicKey;
            this.failure = failure;
        }

        /// As far as the file shows it.
        Optional<HostKey> publicKey() {
            return publicKey;
        }

        UnreachableException failure() {
            return failure;
        }
    }

    /// @param namedBy what names the file
    /// @throws Locked if it is encrypted
    static KeyPair read(Path file, MachineAddress address, String namedBy) throws UnreachableException, Locked {
        byte[] bytes = bytes(file, address, namedBy);
        Optional<Path> passphraseFile = address.reach().passphraseFile();
        Optional<String> passphrase = Optional.empty();
        try {
            if (passphraseFile.isPresent() && isEncrypted(file, bytes))
                passphrase = Optional.of(Passphrase.read(passphraseFile.get()));
        } catch (IOException e) {
            throw unusable(
                    "the key file %s for %s is encrypted, and %s".formatted(file, address, e.getMessage()),
                    "correct the machine's sshKeyPassphraseFile, or that file");
        }
        try {
            return parse(file, bytes, passphrase);
        } catch (EncryptedKey e) {
            throw new Locked(
                    publicPart(bytes),
                    unusable(
                            "the key file %s for %s is encrypted".formatted(file, address),
                            "name a file with its passphrase as the machine's sshKeyPassphraseFile, give the key to an agent (`ssh-add`, and SSH_AUTH_SOCK in the environment of the dispatcher), or remove the passphrase with `ssh-keygen -p -N '' -f %s`"
                                    .formatted(file)));
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            if (passphrase.isPresent())
                throw unusable(
                        "the key file %s for %s cannot be decrypted with the passphrase in %s"
                                .formatted(file, address, passphraseFile.orElseThrow()),
                        "see whether `ssh-keygen -y -f %s` takes that passphrase".formatted(file));
            throw unusable(
                    "the key file %s for %s is no private key that can be read: %s"
                            .formatted(file, address, e.getMessage()),
                    "see what `ssh-keygen -y -f %s` says; use an ed25519, ECDSA or RSA key".formatted(file));
        }
    }

    static UnreachableException missing(Path file, MachineAddress address, String namedBy) {
        return unusable(
                "the key file %s for %s does not exist".formatted(file, address),
                "make it with `ssh-keygen -t ed25519 -N '' -f %s`, or correct %s".formatted(file, namedBy));
    }

    private static byte[] bytes(Path file, MachineAddress address, String namedBy) throws UnreachableException {
        try {
            Optional<SecretFile.Exposure> exposure = SecretFile.exposure("key file", file);
            if (exposure.isPresent())
                throw unusable(
                        exposure.get().what() + " and so is not used for " + address,
                        exposure.get().nextStep());
            return Files.readAllBytes(file);
        } catch (UnreachableException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw missing(file, address, namedBy);
        } catch (AccessDeniedException e) {
            throw unusable(
                    "the key file %s for %s is not readable for user %s"
                            .formatted(file, address, System.getProperty("user.name")),
                    SecretFile.lettingUsRead(file));
        } catch (IOException e) {
            throw unusable(
                    "the key file %s for %s cannot be read: %s".formatted(file, address, e.getMessage()),
                    "see that it is a regular file");
        }
    }

    private static boolean isEncrypted(Path file, byte[] bytes) {
        try {
            var _ = parse(file, bytes);
            return false;
        } catch (EncryptedKey e) {
            return true;
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            return false;
        }
    }

    /// The public key that a file of OpenSSH's own format has in the clear; empty if there is none.
    private static Optional<HostKey> publicPart(byte[] bytes) {
        try {
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            int start = text.indexOf('\n', text.indexOf(BEGIN));
            int end = text.indexOf("-----" + END);
            if (start < 0 || end < start) return Optional.empty();
            KeyBlob blob = new KeyBlob(Base64.getMimeDecoder().decode(text.substring(start, end)));
            for (int i = 0; i < MAGIC_BYTES; i++) blob.unsignedByte();
            for (String _ : List.of("cipher", "key derivation", "options")) blob.bytes();
            return blob.number() == 1 ? Optional.of(HostKey.of(blob.bytes())) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// @throws EncryptedKey if a passphrase is needed
    public static KeyPair parse(Path file, byte[] bytes) throws IOException, GeneralSecurityException {
        return parse(file, bytes, Optional.empty());
    }

    private static KeyPair parse(Path file, byte[] encoded, Optional<String> passphrase)
            throws IOException, GeneralSecurityException {
        byte[] bytes = encoded;
        String text = new String(encoded, StandardCharsets.ISO_8859_1);
        if (Passphrase.isPkcs8(text))
            bytes = Passphrase.decrypted(text, passphrase.orElseThrow(EncryptedKey::new))
                    .getBytes(StandardCharsets.ISO_8859_1);
        requireOneKeyEach(bytes);
        JdkEdDsa.install();
        Iterable<KeyPair> keys = SecurityUtils.loadKeyPairIdentities(
                null, NamedResource.ofName(file.toString()), new ByteArrayInputStream(bytes), (_, _, attempt) -> {
                    if (attempt > 0) throw new IOException("the passphrase does not fit");
                    return passphrase.orElseThrow(EncryptedKey::new);
                });
        if (keys == null) throw new IOException("it has no private key");
        Iterator<KeyPair> iterator = keys.iterator();
        return iterator.next();
    }

    /// Refuses files that announce more than one key: the SSH library makes room for any number that a file in
    /// OpenSSH's own format announces, without a limit; OpenSSH itself takes one only.
    ///
    /// Source: OpenSSH, PROTOCOL.key.
    private static void requireOneKeyEach(byte[] bytes) throws IOException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        for (int at = text.indexOf(BEGIN); at >= 0; at = text.indexOf(BEGIN, at + 1)) {
            int start = text.indexOf('\n', at);
            int end = text.indexOf(END, at);
            if (start < 0 || end < start) continue;
            byte[] block = Base64.getMimeDecoder().decode(text.substring(start, text.lastIndexOf('\n', end) + 1));
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(block));
            in.skipNBytes(MAGIC_BYTES);
            for (String what : List.of("cipher", "key derivation", "options")) {
                int length = in.readInt();
                if (length < 0 || length > block.length)
                    throw new IOException("the name of its %s has %d bytes".formatted(what, length));
                in.skipNBytes(length);
            }
            int keys = in.readInt();
            if (keys != 1) throw new IOException("it announces %d keys, and one is what a file has".formatted(keys));
        }
    }

    /// A key as it stands in files.
    public static HostKey encode(PublicKey key) {
        ByteArrayBuffer buffer = new ByteArrayBuffer();
        buffer.putRawPublicKey(key);
        return HostKey.of(buffer.getCompactData());
    }

    private static UnreachableException unusable(String what, String nextStep) {
        return new UnreachableException(Kind.KEY_UNUSABLE, what, nextStep);
    }

    /// A key that needs a passphrase.
    public static final class EncryptedKey extends IOException {
        private static final long serialVersionUID = 1L;

        EncryptedKey() {
            super("the key is encrypted");
        }
    }
}
