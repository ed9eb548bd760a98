package dispatcher.machine.link;

import dispatcher.machine.Machine;
import dispatcher.nix.ByteString;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.StoreDirCheck;
import dispatcher.protocol.serve.ServeClient;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.store.Store;
import dispatcher.store.conversation.ReplyDeadline;
import dispatcher.store.conversation.StorePool;
import dispatcher.thread.Interruption;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// Opens conversations with one machine. Safe for any thread.
///
/// The first conversation with a machine that is new, or was away, comes alone, up to the answer to its first
/// question. Nix makes the tables of a new store then. Of two processes that do so at the same time one waits
/// until the other has ended, and we keep that. Threads that want a conversation meanwhile wait for the first one,
/// and fail with it.
final class ConversationOpener {
    /// A machine that has answered anything within this time is there.
    private static final Duration LATELY = Duration.ofSeconds(30);

    /// Of the time for a handshake, the part that such a machine has for the first try.
    private static final int FIRST_TRY = 3;

    /// The part after which a machine may be waiting for other conversations, even if it does not say so.
    private static final int PATIENCE = 8;

    /// What Nix says while it waits for other processes to leave the store, `src/libstore/local-store.cc`.
    private static final List<String> WAITING =
            List.of("waiting for exclusive access", "waiting for the big Nix store lock");

    private final Transport transport;
    private final StoreDir storeDir;
    private final MachineLink.Limits limits;

    /// Whether the machine has answered a first question, and its store has been seen to have our directory.
    private volatile boolean isStoreKnown;

    /// The version of Nix that said so last; empty before that.
    private volatile String greetedBy = "";

    /// The first conversation while it is being opened.
    private final AtomicReference<Optional<First>> first = new AtomicReference<>(Optional.empty());

    ConversationOpener(Transport transport, StoreDir storeDir, MachineLink.Limits limits) {
        this.transport = transport;
        this.storeDir = storeDir;
        this.limits = limits;
    }

    private static final class First {
        private final CountDownLatch end = new CountDownLatch(1);
        private volatile Optional<IOException> failure = Optional.empty();

        /// @throws IOException if it failed, and it was not its own thread that gave up
        void await() throws IOException, InterruptedException {
            end.await();
            if (failure.isPresent()) throw failure.get();
        }
    }

    Optional<String> greetedBy() {
        return Optional.of(greetedBy).filter(version -> !version.isEmpty());
    }

    /// The machine was away: what comes next is a first conversation again.
    void forget() {
        isStoreKnown = false;
    }

    /// A new conversation.
    ///
    /// @param others the conversations that there are
    /// @throws IOException if the machine cannot be reached, is silent or has another store
    Store open(Machine machine, StorePool others) throws IOException, InterruptedException {
        while (!isStoreKnown) {
            var mine = Optional.of(new First());
            var before = first.get();
            if (before.isPresent()) before.get().await();
            else if (first.compareAndSet(before, mine)) return openFirst(machine, others, mine.get());
        }
        return greet(machine, others);
    }

    private Store openFirst(Machine machine, StorePool others, First mine) throws IOException, InterruptedException {
        try {
            var store = greet(machine, others);
            boolean checked = false;
            try {
                StoreDirCheck.require(store, storeDir, machine.name());
                checked = true;
            } finally {
                if (!checked) store.close();
            }
            isStoreKnown = true;
            return store;
        } catch (IOException e) {
            Interruption.rethrow(e);
            mine.failure = Optional.of(e);
            throw e;
        } finally {
            first.set(Optional.empty());
            mine.end.countDown();
        }
    }

    /// A machine that answers others now is asked a second time soon: it is more likely this conversation that
    /// hangs.
    private Store greet(Machine machine, StorePool others) throws IOException, InterruptedException {
        var store = Optional.<Store>empty();
        if (others.wasHeardWithin(LATELY))
            store = greet(machine, others, limits.handshake().dividedBy(FIRST_TRY));
        if (store.isEmpty()) store = greet(machine, others, limits.handshake());
        if (store.isPresent()) return ReplyDeadline.around(store.get(), machine.name(), limits.reply());
        throw new UnreachableException(
                UnreachableException.Kind.TIMED_OUT,
                "'%s' on %s gave no answer within %d s"
                        .formatted(
                                machine.command(),
                                machine.address(),
                                limits.handshake().toSeconds()),
                "log in there and see whether its Nix daemon answers");
    }

    /// Empty if the machine stayed silent: then the channel has been cut, which makes the handshake fail. Before
    /// that, conversations that are kept are ended if Nix on the machine says that it waits for them, or may be
    /// doing so.
    private Optional<Store> greet(Machine machine, StorePool others, Duration limit)
            throws IOException, InterruptedException {
        var channel = transport.open(machine.command());
        var answered = new AtomicBoolean();
        var cut = new AtomicBoolean();
        var room = others.room();
        var watchdog = Thread.ofVirtual()
                .name("handshake with " + machine.name())
                .start(() -> {
                    try {
                        var patience = limits.handshake().dividedBy(PATIENCE);
                        Thread.sleep(patience);
                        room.make();
                        Thread.sleep(limit.minus(patience));
                    } catch (InterruptedException e) {
                        return;
                    }
                    if (answered.get()) return;
                    cut.set(true);
                    channel.close();
                });
        try (room) {
            var store = converse(machine, channel, line -> {
                if (isWaiting(line)) room.make();
            });
            answered.set(true);
            return Optional.of(store);
        } catch (IOException e) {
            if (cut.get()) return Optional.empty();
            throw e;
        } finally {
            watchdog.interrupt();
            if (!answered.getAndSet(true)) channel.close();
        }
    }

    private Store converse(Machine machine, CommandChannel channel, Consumer<ByteString> errors) throws IOException {
        return switch (machine.protocol()) {
            case SSH_NG -> {
                var client = new WorkerClient(channel, storeDir, machine.name(), errors);
                greetedBy = client.nixVersion();
                yield client;
            }
            case SSH -> new ServeClient(channel, storeDir, machine.name(), errors);
            case LOCAL -> {
                var daemon = new WorkerClient(channel, storeDir, machine.name(), errors);
                daemon.buildHere();
                yield daemon;
            }
        };
    }

    private static boolean isWaiting(ByteString line) {
        var words = line.utf8();
        return WAITING.stream().anyMatch(words::contains);
    }
}
