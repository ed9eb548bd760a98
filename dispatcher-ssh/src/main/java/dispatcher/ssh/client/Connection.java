package dispatcher.ssh.client;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.LinkWatch;
import dispatcher.ssh.SessionWatch;
import dispatcher.ssh.Waiting;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.sshd.client.future.OpenFuture;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.channel.exception.SshChannelOpenException;
import org.apache.sshd.common.kex.KexProposalOption;
import org.apache.sshd.common.session.ConnectionService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A live SSH connection to a machine, watched by a [SessionWatch].
///
/// Safe for any number of threads.
final class Connection {
    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    /// How long an answer counts as one of now.
    private static final Duration FRESH = Duration.ofSeconds(1);

    private final MachineAddress address;
    private final SshClientOptions options;
    private final ClientSession session;
    private final boolean compresses;
    private final LinkWatch watch;
    private final Set<CommandOverChannel> channels = ConcurrentHashMap.newKeySet();
    private final long openedAt = System.nanoTime();

    /// When the host last answered a question, in nanoseconds.
    private volatile long answeredAt = openedAt;

    /// Why we gave it up, if we did.
    private volatile String verdict = "";

    /// @param choice learns from what is sent here
    Connection(MachineAddress address, SshClientOptions options, ClientSession session, CompressionChoice choice) {
        this.address = address;
        this.options = options;
        this.session = session;
        this.compresses = compresses(session);
        this.watch = choice.watch(compresses);
    }

    /// The numeric address of the host; empty if there is none, as behind a program that connects.
    Optional<String> peer() {
        return session.getIoSession().getRemoteAddress() instanceof InetSocketAddress to && to.getAddress() != null
                ? Optional.of(to.getAddress().getHostAddress())
                : Optional.empty();
    }

    /// Begins to watch. `retires` is asked now and then whether the connection is to be closed, as it is idle or
    /// old.
    void watch(BooleanSupplier retires) {
        new SessionWatch(
                        address.toString(),
                        session,
                        new SessionWatch.Patience(options.keepAlive, options.unansweredKeepAlives, options.writeStall))
                .start(
                        () -> channels.stream().anyMatch(channel -> channel.stalled(options.writeStall)),
                        () -> {
                            if (retires.getAsBoolean()) session.close(false);
                        },
                        this::giveUp);
    }

    /// Asks the host something and waits for its answer, which comes after all that it had sent before.
    void roundTrip() throws IOException, InterruptedException {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        session.addCloseFutureListener(_ -> answer.complete(null));
        SessionWatch.ask(session, () -> answer.complete(null));
        try {
            answer.get();
        } catch (ExecutionException e) {
            throw new IOException(e);
        }
    }

    /// Whether the host answers a question within `limit`, or has just done so. An end of the connection counts
    /// as an answer too.
    boolean answers(Duration limit) throws InterruptedException {
        if (System.nanoTime() - answeredAt < FRESH.toNanos()) return true;
        CountDownLatch answered = new CountDownLatch(1);
        session.addCloseFutureListener(_ -> answered.countDown());
        // On another thread, as the library may block it.
        Thread.ofVirtual().name("ssh-ask " + address).start(() -> {
            try {
                SessionWatch.ask(session, () -> {
                    answeredAt = System.nanoTime();
                    answered.countDown();
                });
            } catch (IOException | RuntimeException e) {
                log.atDebug().addKeyValue("machine", address).log("question not sent: {}", e.getMessage());
            }
        });
        return answered.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// Ends the connection at once; channels fail with `cause`.
    void giveUp(String cause) {
        verdict = cause;
        log.atDebug()
                .addKeyValue("machine", address)
                .addKeyValue("cause", cause)
                .log("connection given up");
        IOException failure = broken();
        channels.forEach(channel -> channel.breakWith(failure));
        session.close(true);
    }

    IOException broken() {
        String known = verdict;
        return new IOException(
                known.isEmpty()
                        ? "the connection to %s broke".formatted(address)
                        : "the connection to %s was given up: %s".formatted(address, known));
    }

    /// Whether what is sent on it is compressed.
    boolean compresses() {
        return compresses;
    }

    private static boolean compresses(ClientSession session) {
        String negotiated = session.getNegotiatedKexParameter(KexProposalOption.C2SCOMP);
        return negotiated != null && negotiated.startsWith("zlib");
    }

    boolean isOpen() {
        return session.isOpen() && session.isAuthenticated();
    }

    /// Nanoseconds since it was made.
    long age() {
        return System.nanoTime() - openedAt;
    }

    void onClose(Runnable action) {
        session.addCloseFutureListener(_ -> action.run());
    }

    /// Starts a command.
    ///
    /// @param released run when the channel no longer counts towards the host's limit
    /// @throws ChannelRefused       if the host takes no more channels on this connection
    /// @throws UnreachableException if the host does not answer; the connection may still be good for those
    ///         that are there
    CommandOverChannel start(String command, Runnable released) throws IOException, InterruptedException {
        ExecChannel channel = new ExecChannel(address, command, options.errorBytes, watch);
        channel.addCloseFutureListener(_ -> released.run());
        OpenFuture opened;
        try {
            session.getService(ConnectionService.class).registerChannel(channel);
            opened = channel.open();
        } catch (IOException | IllegalStateException e) {
            channel.close(true);
            throw new IOException(broken().getMessage(), e);
        }
        boolean ready = false;
        try {
            if (!Waiting.done(opened, options.channelLimit)) {
                throw new UnreachableException(
                        Kind.TIMED_OUT,
                        "%s had no word on a new channel within %s"
                                .formatted(address, Waiting.seconds(options.channelLimit)),
                        "see whether the host is overloaded");
            }
            if (!opened.isOpened()) {
                Throwable cause = opened.getException();
                if (cause instanceof SshChannelOpenException refused)
                    throw new ChannelRefused(String.valueOf(refused.getMessage()));
                throw new IOException(broken().getMessage(), cause);
            }
            CommandOverChannel running = new CommandOverChannel(address, this, channel);
            channels.add(running);
            channel.addCloseFutureListener(_ -> channels.remove(running));
            ready = true;
            return running;
        } finally {
            if (!ready) abandon(channel);
        }
    }

    /// Informs the peer that the channel is closed, on another thread, as the library may block it.
    void abandon(ExecChannel channel) {
        Thread.ofVirtual().name("ssh-close " + address).start(() -> channel.close(false));
    }

    void close(boolean immediately) {
        session.close(immediately);
    }

    /// The host takes no more channels on this connection.
    static final class ChannelRefused extends IOException {
        private static final long serialVersionUID = 1L;

        ChannelRefused(String message) {
            super(message);
        }
    }
}
