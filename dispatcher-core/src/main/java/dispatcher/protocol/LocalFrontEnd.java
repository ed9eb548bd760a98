package dispatcher.protocol;

import dispatcher.access.ClientIdentity;
import dispatcher.access.ClientLimits;
import dispatcher.access.ClientRules;
import dispatcher.access.ConnectionLimiter;
import dispatcher.access.ThrottledLog;
import dispatcher.text.Printable;
import dispatcher.thread.TimeLimit;
import dispatcher.wire.socket.UnixSocketChannel;
import dispatcher.wire.socket.UnixSocketListener;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The way in for clients on this host: a Unix socket that `dispatcher-stdio` connects a Nix client to.
///
/// A connection begins either with the first bytes of a protocol, which show which one it is, or with a line `stdio
/// main <token>` or `stdio err <token>`. In the second case, two connections with one token are one client, and the
/// second takes its standard error. Before either, a line `machine <name>` chooses the one machine that its builds go
/// to. One thread for each connection.
public final class LocalFrontEnd implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LocalFrontEnd.class);
    private static final byte[] PREAMBLE = "stdio ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MACHINE = "machine ".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_PREAMBLE = 300;
    private static final long PARTNER_SECONDS = 5;
    private static final int UNREAD_LOG = 16 * 1024;
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final Path path;
    private final UnixSocketListener listener;
    private volatile ClientRules rules;
    private volatile Duration loginTime;
    private final ConnectionLimiter door;
    private final Declining declining;
    private final ThrottledLog refusals = new ThrottledLog(System::nanoTime);
    private final ConversationHandler handler;
    private final Set<Thread> conversations = ConcurrentHashMap.newKeySet();
    private final ConcurrentHashMap<String, SynchronousQueue<UnixSocketChannel>> errorStreams =
            new ConcurrentHashMap<>();

    private LocalFrontEnd(
            Path path,
            UnixSocketListener listener,
            ClientRules rules,
            ClientLimits limits,
            Declining declining,
            ConversationHandler handler) {
        this.path = path;
        this.listener = listener;
        this.rules = rules;
        this.loginTime = limits.loginTime();
        this.door = new ConnectionLimiter(limits, "by your user", System::nanoTime);
        this.declining = declining;
        this.handler = handler;
    }

    /// Whether clients are to build themselves now. Asked for each that comes and has chosen no machine.
    @FunctionalInterface
    public interface Declining {
        /// @return why; empty if they may come in
        Optional<String> why() throws InterruptedException;
    }

    /// Listens at `path`, which is for its owner and group only. What a dead dispatcher left there is replaced.
    ///
    /// @param rules  what each user of this host may do
    /// @param limits how much clients may take; a refused client gets the reason, and so does one that is declined
    /// @throws IOException if the socket cannot be made, or a living dispatcher listens there
    public static LocalFrontEnd open(
            Path path, ClientRules rules, ClientLimits limits, Declining declining, ConversationHandler handler)
            throws IOException {
        var frontEnd =
                new LocalFrontEnd(path, UnixSocketListener.open(path, "rw-rw----"), rules, limits, declining, handler);
        frontEnd.listener.serve("local client", frontEnd::converse);
        return frontEnd;
    }

    /// For clients that come from now on; those that are here keep what they were granted.
    public void change(ClientRules newRules, ClientLimits limits) {
        rules = newRules;
        loginTime = limits.loginTime();
        door.change(limits);
    }

    private void converse(UnixSocketChannel channel) {
        conversations.add(Thread.currentThread());
        try {
            var user = channel.peerUser();
            var client = ClientIdentity.ofUser(user, rules.ofUser(user));
            switch (door.arrive(client.credential(), why -> displace(channel, client, why))) {
                case ConnectionLimiter.Refused(var why) -> refuse(channel, client, why);
                case ConnectionLimiter.Visit visit -> {
                    try {
                        begin(channel, client, visit);
                    } finally {
                        visit.leave();
                    }
                }
            }
        } catch (IOException e) {
            log.atDebug().log("local client: {}", e.toString());
            channel.close();
        } catch (InterruptedException e) {
            channel.close();
        } catch (RuntimeException | Error e) {
            // An error of the handler, too; else the client would wait for ever.
            log.atError().setCause(e).log("bug: a local client's conversation ended");
            channel.close();
        } finally {
            conversations.remove(Thread.currentThread());
        }
    }

    /// Nix shows its user what comes in place of its protocol.
    private void refuse(UnixSocketChannel channel, ClientIdentity client, String why) throws IOException {
        refusals.refused(log, "local connection refused", client.name(), why);
        sayAndEnd(channel, why);
    }

    private void sayAndEnd(UnixSocketChannel channel, String why) throws IOException {
        try (channel;
                var _ = new TimeLimit(LAST_WORDS, channel::close)) {
            channel.out().write(("dispatcher: " + Printable.line(why) + "\n").getBytes(StandardCharsets.UTF_8));
            channel.endOutput();
            // What is left unread when we close would cut off what we said.
            channel.in().transferTo(OutputStream.nullOutputStream());
        }
    }

    /// Its own thread reads from it, and another one is here for another client: neither can wait until it has read
    /// why.
    private void displace(UnixSocketChannel channel, ClientIdentity client, String why) {
        refusals.refused(log, "local connection ended before it began", client.name(), why);
        channel.close();
    }

    private void begin(UnixSocketChannel channel, ClientIdentity client, ConnectionLimiter.Visit visit)
            throws IOException, InterruptedException {
        var in = channel.in();
        var first = readFirst(channel);
        if (startsWith(first, MACHINE)) {
            client = client.onMachine(readLine(channel, first).substring(MACHINE.length));
            first = readFirst(channel);
        }
        if (startsWith(first, PREAMBLE)) {
            pair(channel, new Guest(client, visit), readLine(channel, first));
        } else if (first.length < Long.BYTES) {
            log.atDebug().log("a local client left without a word");
            channel.close();
        } else {
            hold(channel, new Guest(client, visit), first, in, OutputStream.nullOutputStream());
        }
    }

    private record Guest(ClientIdentity client, ConnectionLimiter.Visit visit) {}

    private byte[] readFirst(UnixSocketChannel channel) throws IOException {
        try (var _ = new TimeLimit(loginTime, channel::close)) {
            return channel.in().readNBytes(Long.BYTES);
        }
    }

    private String readLine(UnixSocketChannel channel, byte[] first) throws IOException {
        var line = new StringBuilder(new String(first, StandardCharsets.US_ASCII));
        try (var _ = new TimeLimit(loginTime, channel::close)) {
            while (line.length() < LONGEST_PREAMBLE) {
                int c = channel.in().read();
                if (c < 0) throw new IOException("ended in its first line");
                if (c == '\n') break;
                line.append((char) c);
            }
        }
        return line.toString();
    }

    private static boolean startsWith(byte[] bytes, byte[] prefix) {
        return bytes.length >= prefix.length && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static ClientProtocol protocol(byte[] first) throws IOException {
        long magic = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (magic == Greeting.WORKER.clientMagic()) return ClientProtocol.WORKER;
        if (magic == Greeting.SERVE.clientMagic()) return ClientProtocol.SERVE;
        throw new IOException("neither protocol begins with 0x%x".formatted(magic));
    }

    private void pair(UnixSocketChannel channel, Guest guest, String line) throws IOException, InterruptedException {
        var words = line.split(" ");
        if (words.length != 3)
            throw new IOException("first line '%s' is not understood".formatted(Printable.line(line)));
        var meeting = errorStreams.computeIfAbsent(words[2], _ -> new SynchronousQueue<>());
        try {
            if (words[1].equals("err")) {
                if (meeting.offer(channel, PARTNER_SECONDS, TimeUnit.SECONDS))
                    guest.visit().joins();
                else channel.close();
                return;
            }
            var err = meeting.poll(PARTNER_SECONDS, TimeUnit.SECONDS);
            if (err == null) throw new IOException("no connection came for its standard error");
            try (err) {
                // What the kernel holds is a part of the log that we do not know to be read.
                err.limitUnread(UNREAD_LOG);
                var begin = readFirst(channel);
                if (begin.length < Long.BYTES) channel.close();
                else hold(channel, guest, begin, channel.in(), err.out());
            }
        } finally {
            errorStreams.remove(words[2]);
        }
    }

    /// @param first what was read of the conversation already
    private void hold(UnixSocketChannel channel, Guest guest, byte[] first, InputStream in, OutputStream err)
            throws IOException, InterruptedException {
        var protocol = protocol(first);
        var client = guest.client();
        var declined = client.machine().isPresent() ? Optional.<String>empty() : declining.why();
        if (declined.isPresent()) {
            sayAndEnd(channel, "build it on this host: " + declined.get());
            return;
        }
        var refused = guest.visit().loggedIn(client.credential());
        if (refused.isPresent()) {
            refuse(channel, client, refused.get());
            return;
        }
        var whole = new SequenceInputStream(new ByteArrayInputStream(first), in);
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
