package dispatcher.ssh.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import dispatcher.text.Printable;
import dispatcher.thread.TimeLimit;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// An ssh-agent behind a unix socket: which keys it has, and signatures by them. Each question has a connection of its
/// own. Keys of any type, as their encoding and their signatures are passed on as they are: those of security keys
/// (`sk-…`) too. Blocking; safe for any number of threads.
///
/// Shapes: a message is a 32-bit length and that many bytes, the first of which is its type.
///
/// The SSH library's own client (`AgentClient`, Apache MINA SSHD 2.20.0) needs a native library for the socket, leaves
/// out keys of types that it does not know, and drops the flags and the counter of a security key's signature.
///
/// Source: draft-miller-ssh-agent; OpenSSH, `PROTOCOL.agent`.
public final class KeyAgent {
    private static final int REQUEST_IDENTITIES = 11;
    private static final int IDENTITIES_ANSWER = 12;
    private static final int SIGN_REQUEST = 13;
    private static final int SIGN_RESPONSE = 14;
    private static final int RSA_SHA2_256 = 2;
    private static final int RSA_SHA2_512 = 4;

    /// As OpenSSH limits its answers.
    private static final int MOST_BYTES = 256 * 1024;

    private static final int MOST_KEYS = 2048;
    private static final int SHOWN = 80;
    private static final Duration ANSWER = Duration.ofSeconds(10);

    /// Somebody may have to touch a key.
    private static final Duration SIGNATURE = Duration.ofMinutes(1);

    private final Path socket;

    public KeyAgent(Path socket) {
        this.socket = socket;
    }

    /// A key that the agent has.
    private record AgentKey(KeyAgent agent, HostKey shown, String comment) implements Credential {
        @Override
        public String describe() {
            return "%s of the agent at %s (%s)".formatted(comment, agent.socket, shown.describe());
        }

        @Override
        public byte[] sign(String algorithm, byte[] data) throws IOException {
            return agent.sign(shown, algorithm, data);
        }
    }

    /// The keys and certificates that it has, in its order.
    ///
    /// @throws IOException if it does not answer as it should
    public List<Credential> keys() throws IOException {
        byte[] answer = ask(new byte[] {REQUEST_IDENTITIES}, ANSWER);
        try {
            return keys(answer);
        } catch (IllegalArgumentException e) {
            throw new IOException("its list of keys makes no sense: %s".formatted(e.getMessage()), e);
        }
    }

    private List<Credential> keys(byte[] answer) throws IOException {
        KeyBlob blob = new KeyBlob(answer);
        int type = blob.unsignedByte();
        if (type != IDENTITIES_ANSWER) throw new IOException("it answered with message %d".formatted(type));
        int count = blob.number();
        if (count < 0 || count > MOST_KEYS) throw new IllegalArgumentException("it has %d keys".formatted(count));
        List<Credential> keys = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            HostKey key = HostKey.of(blob.bytes());
            String comment = Printable.line(new String(blob.bytes(), UTF_8), SHOWN);
            keys.add(new AgentKey(this, key, comment.isEmpty() ? "a key" : comment));
        }
        return keys;
    }

    private byte[] sign(HostKey key, String algorithm, byte[] data) throws IOException {
        byte[] encoded = Base64.getDecoder().decode(key.base64());
        var request = new java.io.ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(request)) {
            out.writeByte(SIGN_REQUEST);
            out.writeInt(encoded.length);
            out.write(encoded);
            out.writeInt(data.length);
            out.write(data);
            out.writeInt(
                    algorithm.equals("rsa-sha2-512")
                            ? RSA_SHA2_512
                            : algorithm.equals("rsa-sha2-256") ? RSA_SHA2_256 : 0);
        }
        byte[] answer = ask(request.toByteArray(), SIGNATURE);
        try {
            KeyBlob blob = new KeyBlob(answer);
            if (blob.unsignedByte() == SIGN_RESPONSE) return blob.bytes();
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    "the answer of the agent at %s makes no sense: %s".formatted(socket, e.getMessage()), e);
        }
        throw new IOException(
                "the agent at %s does not sign with %s; a key that asks for a touch or a confirmation needs somebody to give it"
                        .formatted(socket, key.describe()));
    }

    private byte[] ask(byte[] request, Duration limit) throws IOException {
        AtomicBoolean late = new AtomicBoolean();
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            try (var _ = new TimeLimit(limit, () -> {
                late.set(true);
                close(channel);
            })) {
                channel.connect(UnixDomainSocketAddress.of(socket));
                DataOutputStream out = new DataOutputStream(Channels.newOutputStream(channel));
                byte[] framed = new byte[Integer.BYTES + request.length];
                java.nio.ByteBuffer.wrap(framed).putInt(request.length).put(request);
                out.write(framed);
                out.flush();
                DataInputStream in = new DataInputStream(Channels.newInputStream(channel));
                int length = in.readInt();
                if (length < 1 || length > MOST_BYTES)
                    throw new IOException("it announces an answer of %d bytes".formatted(length));
                byte[] answer = in.readNBytes(length);
                if (answer.length < length) throw new IOException("its answer is cut short");
                return answer;
            }
        } catch (IOException | IllegalArgumentException e) {
            String why = late.get()
                    ? "there was no answer within %d s".formatted(limit.toSeconds())
                    : String.valueOf(e.getMessage());
            throw new IOException("the agent at %s cannot be asked: %s".formatted(socket, why), e);
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It is of no use any more.
        }
    }
}
