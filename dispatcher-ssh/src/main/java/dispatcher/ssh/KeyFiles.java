package dispatcher.ssh;

import dispatcher.fleet.MachineAddress;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.apache.sshd.common.util.security.SecurityUtils;

/// Reads private keys, in OpenSSH's own format or PEM. They are read anew for each connection, so that a key can
/// be replaced while we run.
final class KeyFiles {

    private KeyFiles() {}

    /// A key of ours and the file that it is from.
    record Identity(Path file, KeyPair keys) {
        String describe() {
            return file + " (" + encode(keys.getPublic()).describe() + ")";
        }
    }

    /// The keys to show to `address`: its own one, or those of `defaults` that can be used.
    ///
    /// @throws UnreachableException of kind `KEY_UNUSABLE` if there is none
    static List<Identity> identities(MachineAddress address, List<Path> defaults) throws UnreachableException {
        if (address.keyFile().isPresent())
            return List.of(
                    new Identity(address.keyFile().get(), read(address.keyFile().get(), address)));
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
        if (!found.isEmpty()) return found;
        if (fault.isPresent()) throw fault.get();
        throw unusable(
                "no key to log in to %s with: none of %s exists".formatted(address, defaults),
                "make one with `ssh-keygen -t ed25519 -N ''`, or name one as the machine's sshKey");
    }

    private static KeyPair read(Path file, MachineAddress address) throws UnreachableException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw unusable(
                    "the key file %s for %s does not exist".formatted(file, address),
                    "make it with `ssh-keygen -t ed25519 -N '' -f %s`, or correct the machine's sshKey"
                            .formatted(file));
        } catch (AccessDeniedException e) {
            throw unusable(
                    "the key file %s for %s is not readable for user %s"
                            .formatted(file, address, System.getProperty("user.name")),
                    "let that user own it: `chown %s %s`".formatted(System.getProperty("user.name"), file));
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
                    "nobody is here to type a passphrase: remove it with `ssh-keygen -p -N '' -f %s`, or use another key"
                            .formatted(file));
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw unusable(
                    "the key file %s for %s is no private key that can be read: %s"
                            .formatted(file, address, e.getMessage()),
                    "see what `ssh-keygen -y -f %s` says; use an ed25519, ECDSA or RSA key".formatted(file));
        }
    }

    /// @throws EncryptedKey if a passphrase is needed
    static KeyPair parse(Path file, byte[] bytes) throws IOException, GeneralSecurityException {
        JdkEdDsa.install();
        Iterable<KeyPair> keys = SecurityUtils.loadKeyPairIdentities(
                null, NamedResource.ofName(file.toString()), new ByteArrayInputStream(bytes), (_, _, _) -> {
                    throw new EncryptedKey();
                });
        if (keys == null) throw new IOException("it has no private key");
        Iterator<KeyPair> iterator = keys.iterator();
        return iterator.next();
    }

    /// A key as it stands in files.
    static HostKey encode(PublicKey key) {
        ByteArrayBuffer buffer = new ByteArrayBuffer();
        buffer.putRawPublicKey(key);
        return HostKey.of(buffer.getCompactData());
    }

    private static UnreachableException unusable(String what, String nextStep) {
        return new UnreachableException(Kind.KEY_UNUSABLE, what, nextStep);
    }

    /// A key that needs a passphrase.
    static final class EncryptedKey extends IOException {
        private static final long serialVersionUID = 1L;

        EncryptedKey() {
            super("the key is encrypted");
        }
    }
}
