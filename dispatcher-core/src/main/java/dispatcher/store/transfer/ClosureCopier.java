package dispatcher.store.transfer;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.NarToAdd;
import dispatcher.store.PathSource;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Store;
import dispatcher.store.StoreWriter;
import dispatcher.store.Verify;
import dispatcher.thread.Interruption;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings what one machine lacks of closures to it. One for each machine, shared by all builds that go there: a
/// path that several of them want at once is sent once, and the others wait for that. If its sender fails, one of
/// them sends it.
///
/// What takes Nix on the machine long to unpack is sent in several conversations at once, as it unpacks one path
/// after the other in each.
///
/// Safe for any thread; the lock is not held over I/O. Cost: what [MissingPaths] takes, and one round trip for
/// all NARs together; if several send, one for each batch and one to see that all is there.
public final class ClosureCopier {
    private static final Logger log = LoggerFactory.getLogger(ClosureCopier.class);

    /// Conversations with the machine beyond those of the copies themselves.
    private static final int MOST_HELPERS = 3;

    /// The least bytes that are worth a helper, as opening its conversation may take a machine some 100 ms.
    private static final long BYTES_PER_HELPER = 64L << 20;

    /// Where paths are smaller than that on the average, helpers do harm: what takes Nix long is to register
    /// them, which its database lets one do at a time.
    private static final long SMALL_BYTES = 256 << 10;

    /// Paths that are sent before a build asks for them, at once.
    private static final int MOST_EARLY = 2;

    /// So often a path is sent in one copy.
    private static final int MOST_TIMES = 2;

    private final long bytesPerHelper;
    private final long smallBytes;
    private final Semaphore helpers = new Semaphore(MOST_HELPERS);
    private final Semaphore early = new Semaphore(MOST_EARLY);
    private final Underway underway = new Underway();

    public ClosureCopier() {
        this(BYTES_PER_HELPER, SMALL_BYTES);
    }

    /// @param smallBytes paths that are smaller on the average are sent without helpers
    ClosureCopier(long bytesPerHelper, long smallBytes) {
        this.bytesPerHelper = bytesPerHelper;
        this.smallBytes = smallBytes;
    }

    /// For a path that no build has asked for yet; empty if that would disturb others: a copy for a build is being
    /// sent, or two such paths are.
    ///
    /// @param wanted called, on their threads, when builds begin to wait for the path; a sender that cannot send it
    ///     soon is to fail
    public Optional<EarlyCopy> early(Runnable wanted) {
        return underway.isIdle() && early.tryAcquire()
                ? Optional.of(new EarlyCopy(underway, early, wanted))
                : Optional.empty();
    }

    /// The result of copying.
    ///
    /// @param sent  the paths that were sent
    /// @param bytes of their NARs
    public record Copied(List<StorePath> sent, long bytes) {
        public static final Copied NOTHING = new Copied(List.of(), 0);

        public int paths() {
            return sent.size();
        }

        private Copied plus(Copied other) {
            var all = new ArrayList<>(sent);
            all.addAll(other.sent);
            return new Copied(all, bytes + other.bytes);
        }
    }

    /// For one more thread that sends: a conversation with the machine, and another way to the paths of the
    /// source. Made by the thread that copies.
    public interface Helper extends AutoCloseable {
        /// Has `errand` done. If the conversation was found to be dead, it is begun again in another.
        void run(Errand errand) throws IOException, InterruptedException;

        @Override
        void close();
    }

    /// What a helper is for.
    public interface Errand {
        void run(StoreWriter target, PathSource source) throws IOException, InterruptedException;
    }

    /// Returns when `target` has all of `paths` and what they refer to.
    ///
    /// @param target     a conversation with the machine
    /// @param expected   which paths it is thought to have, right or wrong
    /// @param substitute whether the machine may first fetch what it lacks from its own substituters
    /// @param toSend     called with what the machine has said that it lacks, before that is sent
    /// @param helper     makes one
    /// @throws ProtocolException     if the machine takes something and denies having it, again and again
    /// @throws SourceFailedException if something missing cannot be read from `source`
    public Copied copy(
            Store target,
            Collection<StorePath> paths,
            Predicate<StorePath> expected,
            PathSource source,
            boolean substitute,
            Consumer<Collection<StorePath>> toSend,
            Supplier<? extends Helper> helper)
            throws IOException, InterruptedException {
        var copied = Copied.NOTHING;
        while (true) {
            var outdated = underway.listen();
            try {
                var missing = new MissingPaths(target, expected, substitute, source).of(paths);
                if (missing.isEmpty()) return copied;
                requireNotDenied(missing.keySet(), copied);
                var sent = sendUnclaimed(target, missing, outdated, source, toSend, helper);
                copied = copied.plus(sent.copied());
                if (sent.kept() && sent.copied().paths() == missing.size()) return copied;
            } finally {
                underway.stopListening(outdated);
            }
        }
    }

    /// What was sent may go, if its sender's conversation ends before it is asked for; but not each time.
    private static void requireNotDenied(Set<StorePath> missing, Copied copied) throws ProtocolException {
        var times = new HashMap<StorePath, Integer>();
        for (var path : copied.sent()) {
            if (missing.contains(path) && times.merge(path, 1, Integer::sum) >= MOST_TIMES)
                throw new ProtocolException(
                        "it took %s %d times, and says that it does not have it".formatted(path, MOST_TIMES));
        }
    }

    /// The result of sending.
    ///
    /// @param kept whether the copy's own conversation has sent all of it, and so keeps it; else that is to ask
    ///             for it
    private record Sent(Copied copied, boolean kept) {
        private static final Sent NOTHING = new Sent(Copied.NOTHING, false);
    }

    /// Sends those of `missing` that no other copy is sending, once those that other copies send are there.
    /// Claiming all of them at once keeps two copies from waiting for each other: a copy only waits for claims
    /// that are older than its own. Sends nothing if the machine must be asked again.
    private Sent sendUnclaimed(
            StoreWriter target,
            Map<StorePath, PathInfo> missing,
            Set<StorePath> outdated,
            PathSource source,
            Consumer<Collection<StorePath>> toSend,
            Supplier<? extends Helper> helper)
            throws IOException, InterruptedException {
        var claimed = underway.claim(missing.values(), outdated);
        if (claimed.isEmpty()) return Sent.NOTHING;
        var claim = claimed.get();
        boolean sent = false;
        try {
            if (!claim.awaitOthers()) return Sent.NOTHING;
            toSend.accept(claim.paths().stream().map(PathInfo::path).toList());
            claim.begins();
            var copied = send(target, claim.paths(), source, helper);
            sent = true;
            return copied;
        } finally {
            claim.end(sent);
        }
    }

    private Sent send(StoreWriter target, List<PathInfo> claimed, PathSource source, Supplier<? extends Helper> helper)
            throws IOException, InterruptedException {
        if (claimed.isEmpty()) return Sent.NOTHING;
        long bytes = claimed.stream().mapToLong(PathInfo::narSize).sum();
        long wanted = bytes / claimed.size() < smallBytes ? 0 : bytes / bytesPerHelper;
        int helping = takeHelpers(Math.min(wanted, claimed.size() - 1));
        var shipment = new TransferPlan(claimed, 1 + helping);
        var threads = new ArrayList<Thread>();
        try {
            for (int i = 0; i < helping; i++) threads.add(begin(helper.get(), shipment));
            new Sender(shipment).run(target, source);
        } finally {
            shipment.end();
            stop(threads);
            helpers.release(helping);
        }
        return new Sent(new Copied(shipment.there(), bytes), helping == 0);
    }

    private int takeHelpers(long wanted) {
        int got = 0;
        while (got < wanted && helpers.tryAcquire()) got++;
        return got;
    }

    /// Starts a helper. What a helper cannot send, the copy's own thread sends, and finds out why if that fails too.
    private static Thread begin(Helper helper, TransferPlan shipment) {
        return Thread.ofVirtual().name("helper").start(() -> {
            var sender = new Sender(shipment);
            try (helper) {
                helper.run(sender);
            } catch (IOException e) {
                log.atDebug().log("others send the rest: {}", e.toString());
            } catch (InterruptedException e) {
                // The copy has come to its end.
            } finally {
                sender.giveBack();
            }
        });
    }

    /// Returns when none is left. Keeps an interruption.
    private static void stop(List<Thread> threads) {
        boolean interrupted = Thread.interrupted();
        for (var thread : threads) thread.interrupt();
        for (var thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /// Sends batch after batch. If that fails, it may go on with the last one in another conversation. Confined
    /// to one thread.
    private static final class Sender implements Errand {
        private final TransferPlan shipment;
        private TransferPlan.@Nullable Batch unsent;

        Sender(TransferPlan shipment) {
            this.shipment = shipment;
        }

        @Override
        public void run(StoreWriter target, PathSource source) throws IOException, InterruptedException {
            while (true) {
                if (unsent == null) unsent = shipment.take();
                if (unsent.isEmpty()) return;
                ClosureCopier.send(unsent.paths(), target, source);
                shipment.sent(unsent);
                unsent = null;
            }
        }

        void giveBack() {
            if (unsent != null) shipment.giveBack(unsent);
            unsent = null;
        }
    }

    /// Adds paths in this order.
    ///
    /// @throws SourceFailedException if one cannot be read
    static void send(List<PathInfo> paths, StoreWriter target, PathSource source)
            throws IOException, InterruptedException {
        var batch = paths.stream()
                .map(info -> new NarToAdd(info.withoutUltimate(), sink -> copyNar(source, info, sink)))
                .toList();
        try {
            target.addToStore(batch);
        } catch (SourceFailedException e) {
            throw e;
        } catch (IOException e) {
            source.notTaken();
            throw e;
        }
    }

    /// The machine compares the hash, so only the size is compared here.
    private static NarSummary copyNar(PathSource source, PathInfo info, OutputStream sink)
            throws IOException, InterruptedException {
        var receiver = new Receiver(sink);
        try {
            var summary = source.narFromPath(info.path(), Verify.byReceiver(info), receiver);
            summary.requireSameAs(info, "its source");
            return summary;
        } catch (IOException e) {
            Interruption.rethrow(e);
            if (receiver.failed) throw e;
            throw new SourceFailedException(
                    List.of(info.path()), "cannot read input '%s': %s".formatted(info.path(), e.getMessage()), e);
        }
    }

    /// Distinguishes a receiver that fails from a source that fails, since both do so inside the same call.
    private static final class Receiver extends FilterOutputStream {
        private boolean failed;

        Receiver(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }
    }
}
