package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;

/// An ssh-agent with one key of the kind that is in security keys (FIDO2), made in software. It signs as such a device
/// does that somebody has touched.
final class SoftwareSecurityKey implements AutoCloseable {
    private static final String TYPE = "sk-ssh-ed25519@openssh.com";
    private static final String APPLICATION = "ssh:";
    private static final byte TOUCHED = 1;

    private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    private final KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    private final AtomicInteger counter = new AtomicInteger();
    private final Path socket;

    /// Whether it refuses to sign, as if nobody had touched it.
    volatile boolean untouched;

    SoftwareSecurityKey(Path socket) throws Exception {
        this.socket = socket;
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofVirtual().start(() -> {
            while (server.isOpen()) {
                try {
                    SocketChannel client = server.accept();
                    Thread.ofVirtual().start(() -> serve(client));
                } catch (IOException e) {
                    return;
                }
            }
        });
    }

    Path socket() {
        return socket;
    }

    /// As in authorized_keys.
    String line() throws IOException {
        return TYPE + " " + Base64.getEncoder().encodeToString(key()) + "\n";
    }

    private byte[] key() throws IOException {
        byte[] encoded = keys.getPublic().getEncoded();
        return joined(
                TYPE.getBytes(UTF_8),
                Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length),
                APPLICATION.getBytes(UTF_8));
    }

    private static byte[] joined(byte[]... values) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (byte[] value : values) {
            out.writeInt(value.length);
            out.write(value);
        }
        return bytes.toByteArray();
    }

    private void serve(SocketChannel client) {
        try (client) {
            DataInputStream in = new DataInputStream(Channels.newInputStream(client));
            DataOutputStream out = new DataOutputStream(Channels.newOutputStream(client));
            while (true) {
                byte[] request = new byte[in.readInt()];
                in.readFully(request);
                byte[] answer = answer(request);
                out.writeInt(answer.length);
                out.write(answer);
                out.flush();
            }
        } catch (Exception e) {
            // The client has gone.
        }
    }

    private byte[] answer(byte[] request) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        if (request[0] == 11) {
            out.writeByte(12);
            out.writeInt(1);
            out.write(joined(key(), "yubi".getBytes(UTF_8)));
        } else if (untouched) {
            out.writeByte(5);
        } else {
            DataInputStream in = new DataInputStream(new java.io.ByteArrayInputStream(request, 1, request.length));
            in.skipNBytes(in.readInt());
            byte[] data = in.readNBytes(in.readInt());
            out.writeByte(14);
            out.write(joined(signature(data)));
        }
        return bytes.toByteArray();
    }

    /// Source: OpenSSH, `PROTOCOL.u2f`.
    private byte[] signature(byte[] data) throws Exception {
        int count = counter.incrementAndGet();
        ByteArrayOutputStream signed = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(signed);
        out.write(MessageDigest.getInstance("SHA-256").digest(APPLICATION.getBytes(UTF_8)));
        out.writeByte(TOUCHED);
        out.writeInt(count);
        out.write(MessageDigest.getInstance("SHA-256").digest(data));
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(keys.getPrivate());
        signature.update(signed.toByteArray());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream encoded = new DataOutputStream(bytes);
        encoded.write(joined(TYPE.getBytes(UTF_8), signature.sign()));
        encoded.writeByte(TOUCHED);
        encoded.writeInt(count);
        return bytes.toByteArray();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
