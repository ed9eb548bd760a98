package dispatcher.ssh.server;

import dispatcher.secret.SecretFile;
import dispatcher.ssh.keys.JdkEdDsa;
import dispatcher.ssh.keys.KeyFiles;
import dispatcher.state.StateFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Optional;
import java.util.Set;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.util.security.SecurityUtils;

/// The front end's own key: an ed25519 key in OpenSSH's format, made when there is none. It belongs to
/// the owner of its directory, also if a command of root's makes it.
public final class HostKeyFile {
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");

    private HostKeyFile() {}

    public static KeyPair readOrMake(Path file) throws SshFrontEndException {
        JdkEdDsa.install();
        try {
            if (Files.notExists(file)) make(file);
            return read(file);
        } catch (SshFrontEndException e) {
            throw e;
        } catch (KeyFiles.EncryptedKey e) {
            throw new SshFrontEndException(
                    "the host key file %s is encrypted".formatted(file),
                    "remove its passphrase with `ssh-keygen -p -N '' -f %s`".formatted(file),
                    e);
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw new SshFrontEndException(
                    "the host key file %s cannot be used: %s".formatted(file, message(e)),
                    "make it readable for user %s, or move it away so that a new key is made (clients must then learn it)"
                            .formatted(System.getProperty("user.name")),
                    e);
        }
    }

    private static String message(Exception e) {
        return e instanceof NoSuchFileException ? "no such file" : String.valueOf(e.getMessage());
    }

    private static KeyPair read(Path file) throws IOException, GeneralSecurityException {
        Optional<SecretFile.Exposure> exposure = SecretFile.exposure("host key file", file);
        if (exposure.isPresent())
            throw new SshFrontEndException(
                    exposure.get().what(),
                    "run `chmod 600 %s`; if others may have read it, move it away so that a new key is made"
                            .formatted(file));
        return KeyFiles.parse(file, Files.readAllBytes(file));
    }

    /// Two that do so at once end up with the same key: the file appears whole, and only once.
    private static void make(Path file) throws IOException, GeneralSecurityException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) Files.createDirectories(folder);
        KeyPair keys = KeyPairGenerator.getInstance(SecurityUtils.ED25519).generateKeyPair();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(keys, "dispatcher", null, text);
        Path draft = Files.createTempFile(
                folder, file.getFileName().toString(), ".new", PosixFilePermissions.asFileAttribute(PRIVATE));
        try {
            Files.write(draft, text.toByteArray(), StandardOpenOption.SYNC);
            StateFiles.giveToOwnerOfDirectory(draft);
            Files.createLink(file, draft);
        } catch (FileAlreadyExistsException e) {
            // Another one was faster.
        } finally {
            Files.delete(draft);
        }
    }
}
