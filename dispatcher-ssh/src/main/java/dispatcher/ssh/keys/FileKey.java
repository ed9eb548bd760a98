package dispatcher.ssh.keys;

import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.signature.BuiltinSignatures;
import org.apache.sshd.common.signature.Signature;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;

/// A private key that we have read.
///
/// @param source the file of the key, or that of its certificate
record FileKey(Path source, KeyPair keys, HostKey shown) implements Credential {
    static FileKey of(Path file, KeyPair keys) {
        return new FileKey(file, keys, KeyFiles.encode(keys.getPublic()));
    }

    @Override
    public String describe() {
        return source + " (" + shown.describe() + ")";
    }

    @Override
    public byte[] sign(String algorithm, byte[] data) throws IOException {
        Signature signature = NamedFactory.create(BuiltinSignatures.VALUES, algorithm);
        if (signature == null) throw new IOException("there are no signatures of type %s here".formatted(algorithm));
        try {
            signature.initSigner(null, keys.getPrivate());
            signature.update(null, data);
            ByteArrayBuffer encoded = new ByteArrayBuffer();
            encoded.putString(algorithm);
            encoded.putBytes(signature.sign(null));
            return encoded.getCompactData();
        } catch (Exception e) { // as the library declares
            throw new IOException("%s cannot sign: %s".formatted(source, e.getMessage()), e);
        }
    }

    /// Not the private key.
    @Override
    public String toString() {
        return describe();
    }
}
