package dispatcher.protocol;

import dispatcher.client.ClientRules;
import dispatcher.wire.UnixSocketChannel;
import dispatcher.wire.UnixSocketListener;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The way in for clients on this host: a Unix socket that `dispatcher-stdio` connects a Nix client to.
///
/// A connection begins either with the first bytes of a protocol, which tell which it is, or with a line `stdio
/// main <token>` or `stdio err <token>`: then two connections with one token are one client, the second of
/// which takes its standard error. One thread for each connection.
public final class LocalFrontEnd implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LocalFrontEnd.class);
    private static final long WORKER_MAGIC = 0x6e697863L;
    private static final long SERVE_MAGIC = 0x390c9debL;
    private static final byte[] PREAMBLE = "stdio ".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_PREAMBLE = 128;
    private static final long PARTNER_SECONDS = 5;

    private final Path path;
    private final UnixSocketListener listener;
    private final ClientRules rules;
    private final ConversationHandler handler;
    private final Set<Thread> conversations = ConcurrentHashMap.newKeySet();
    private final ConcurrentHashMap<String, SynchronousQueue<UnixSocketChannel>> errorStreams =
            new ConcurrentHashMap<>();

    private LocalFrontEnd(Path path, UnixSocketListener listener, ClientRules rules, ConversationHandler handler) {
        this.path = path;
        this.listener = listener;
        this.rules = rules;
        this.handler = handler;
    }

    /// Listens at `path`, which is for its owner and group only. What a dead dispatcher left there is replaced.
    ///
    /// @param rules what each user of this host may do
    /// @throws IOException if the socket cannot be made, or a living dispatcher listens there
    public static LocalFrontEnd open(Path path, ClientRules rules, ConversationHandler handler) throws IOException {
        var frontEnd = new LocalFrontEnd(path, UnixSocketListener.open(path, "rw-rw----"), rules, handler);
        frontEnd.listener.serve("local client", frontEnd::converse);
        return frontEnd;
    }

    private void converse(UnixSocketChannel channel) {
        conversations.add(Thread.currentThread());
        try {
            var in = channel.in();
            var first = in.readNBytes(Long.BYTES);
            if (startsWith(first, PREAMBLE)) {
                pair(channel, in, first);
                return;
            }
            if (first.length < Long.BYTES) {
                log.atDebug().log("a local client left without a word");
                channel.close();
            } else {
                hold(channel, first, in, OutputStream.nullOutputStream());
            }
        } catch (IOException e) {
            log.atDebug().log("local client: {}", e.toString());
            channel.close();
        } catch (InterruptedException e) {
            channel.close();
        } finally {
            conversations.remove(Thread.currentThread());
        }
    }

    private static boolean startsWith(byte[] bytes, byte[] prefix) {
        return java.util.Arrays.mismatch(bytes, prefix) == prefix.length;
    }

    private static ClientProtocol protocol(byte[] first) throws IOException {
        long magic = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (magic == WORKER_MAGIC) return ClientProtocol.WORKER;
        if (magic == SERVE_MAGIC) return ClientProtocol.SERVE;
        throw new IOException("neither protocol begins with 0x%x".formatted(magic));
    }

    private void pair(UnixSocketChannel channel, InputStream in, byte[] first)
            throws IOException, InterruptedException {
        var line = new StringBuilder(new String(first, StandardCharsets.US_ASCII));
        while (line.length() < LONGEST_PREAMBLE) {
            int c = in.read();
            if (c < 0) throw new IOException("ended in its first line");
            if (c == '\n') break;
            line.append((char) c);
        }
        var words = line.toString().split(" ");
        if (words.length != 3) throw new IOException("first line '%s' is not understood".formatted(line));
        var meeting = errorStreams.computeIfAbsent(words[2], _ -> new SynchronousQueue<>());
        try {
            if (words[1].equals("err")) {
                if (!meeting.offer(channel, PARTNER_SECONDS, TimeUnit.SECONDS)) channel.close();
                return;
            }
            var err = meeting.poll(PARTNER_SECONDS, TimeUnit.SECONDS);
            if (err == null) throw new IOException("no connection came for its standard error");
            try (err) {
                var begin = in.readNBytes(Long.BYTES);
                if (begin.length < Long.BYTES) channel.close();
                else hold(channel, begin, in, err.out());
            }
        } finally {
            errorStreams.remove(words[2]);
        }
    }

    /// @param first what was read of the conversation already
    private void hold(UnixSocketChannel channel, byte[] first, InputStream in, OutputStream err) throws IOException {
        var protocol = protocol(first);
        var whole = new SequenceInputStream(new ByteArrayInputStream(first), in);
        var user = channel.peerUser();
        var client = ClientIdentity.ofUser(user, rules.ofUser(user));
        try (channel) {
            handler.handle(protocol, new Conversation(whole, channel.out(), err, client));
        }
    }

    /// Takes no more clients and ends the conversations that are going on.
    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            log.atWarn().log("cannot remove {}: {}", path, e.toString());
        }
        for (var conversation : conversations) conversation.interrupt();
    }
}
