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
import java.util.ArrayList;
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

    /// A key of ours and the file that it is from.
    public record Identity(Path file, KeyPair keys) {
        public String describe() {
            return file + " (" + encode(keys.getPublic()).describe() + ")";
        }
    }

    /// The keys to log in to a host with.
    ///
    /// @param fault why there is no key; a host that asks for none lets us in without
    public record Identities(List<Identity> keys, Optional<UnreachableException> fault) {}

    /// The keys to show to `address`: its own one, or those of `defaults` that can be used.
    ///
    /// @throws UnreachableException of kind `KEY_UNUSABLE` if its own one cannot be used
    public static Identities identities(MachineAddress address, List<Path> defaults) throws UnreachableException {
        if (address.keyFile().isPresent()) {
            Path own = address.keyFile().get();
            return new Identities(List.of(new Identity(own, read(own, address))), Optional.empty());
        }
        List<Identity> found = new ArrayList<>();
        Optional<UnreachableException> fault = Optional.empty();
        for (Path file : defaults) {
            if (!Files.exists(file)) continue;
            try {
                found.add(new Identity(file, read(file, address)));
            } catch (UnreachableException e) {
                fault = Optional.of(e);
            }
        }
        if (!found.isEmpty()) return new Identities(found, Optional.empty());
        return new Identities(
                found,
                Optional.of(fault.orElseGet(() -> unusable(
                        "no key to log in to %s with: none of %s exists".formatted(address, defaults),
                        "make one with `ssh-keygen -t ed25519 -N ''`, or name one as the machine's sshKey"))));
    }

    private static KeyPair read(Path file, MachineAddress address) throws UnreachableException {
        byte[] bytes;
        try {
            Optional<SecretFile.Exposure> exposure = SecretFile.exposure("key file", file);
            if (exposure.isPresent())
                throw unusable(
                        exposure.get().what() + " and so is not used for " + address,
                        exposure.get().nextStep());
            bytes = Files.readAllBytes(file);
        } catch (UnreachableException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw unusable(
                    "the key file %s for %s does not exist".formatted(file, address),
                    "make it with `ssh-keygen -t ed25519 -N '' -f %s`, or correct the machine's sshKey"
                            .formatted(file));
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
        try {
            return parse(file, bytes);
        } catch (EncryptedKey e) {
            throw unusable(
                    "the key file %s for %s is encrypted".formatted(file, address),
                    "there is no user to type a passphrase: remove it with `ssh-keygen -p -N '' -f %s`, or use another key"
                            .formatted(file));
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw unusable(
                    "the key file %s for %s is no private key that can be read: %s"
                            .formatted(file, address, e.getMessage()),
                    "see what `ssh-keygen -y -f %s` says; use an ed25519, ECDSA or RSA key".formatted(file));
        }
    }

    /// @throws EncryptedKey if a passphrase is needed
    public static KeyPair parse(Path file, byte[] bytes) throws IOException, GeneralSecurityException {
        requireOneKeyEach(bytes);
        JdkEdDsa.install();
        Iterable<KeyPair> keys = SecurityUtils.loadKeyPairIdentities(
                null, NamedResource.ofName(file.toString()), new ByteArrayInputStream(bytes), (_, _, _) -> {
                    throw new EncryptedKey();
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
