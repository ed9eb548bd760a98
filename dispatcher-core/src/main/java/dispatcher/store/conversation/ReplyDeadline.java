package dispatcher.store.conversation;

import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// The other end of a conversation must answer in time: one that is alive and says nothing, or goes on for ever, is
/// closed, and the call fails with an [UnreachableException]. Its sign of life is its answers, not its connection's.
///
/// A question about many paths has a thousandth of the limit more for each. A NAR must make progress, unless it
/// is the receiver that does not take it. An upload has the limit, and a second for every 4 MiB, from when its
/// last byte has been taken. What the store fetches from elsewhere has thirty times the limit. A build has no
/// limit here: its client sets that. A thread of its own waits while there is a call.
public final class ReplyDeadline implements StoreGuard {
    private static final int FETCHING = 30;
    private static final int PATHS = 1000;
    private static final long UNPACKED_PER_SECOND = 4 << 20;

    private final Runnable cut;
    private final String peer;
    private final Duration limit;

    private ReplyDeadline(Runnable cut, String peer, Duration limit) {
        this.cut = cut;
        this.peer = peer;
        this.limit = limit;
    }

    /// A store that is closed when it does not answer in time.
    ///
    /// @param peer the far end's name, for messages
    public static Store around(Store store, String peer, Duration limit) {
        return new GuardedStore(store, List.of(new ReplyDeadline(store::close, peer, limit)));
    }

    @Override
    public <T> T around(StoreCall<T> call, Next next) throws IOException, InterruptedException {
        return switch (call) {
            case StoreCall.Build _, StoreCall.BuildStored _ -> next.make(call);
            case StoreCall.Nar nar -> {
                var progress = new Progress(nar.sink());
                yield within(progress::awaitStall, call.into(progress), next);
            }
            case StoreCall.Add add -> {
                var sent = new Sent(add.paths().size());
                var counted = add.paths().stream().map(sent::counting).toList();
                yield within(sent::awaitAnswerTime, call.adding(counted), next);
            }
            default -> {
                var time = timeFor(call);
                yield within(() -> Thread.sleep(time), call, next);
            }
        };
    }

    /// A question that is not named here has the usual time.
    private Duration timeFor(StoreCall<?> question) {
        return switch (question) {
            case StoreCall.ValidPaths asked -> {
                var time = asked.substitute() ? limit.multipliedBy(FETCHING) : limit;
                yield time.plus(limitOf(asked.paths().size()));
            }
            case StoreCall.SubstitutablePaths(var paths) -> limitOf(paths.size());
            case StoreCall.Infos(var paths) -> limitOf(paths.size());
            case StoreCall.AllValidPaths(), StoreCall.FetchPromised() -> limit.multipliedBy(FETCHING);
            default -> limit;
        };
    }

    private Duration limitOf(int paths) {
        return limit.plus(limit.dividedBy(PATHS).multipliedBy(paths));
    }

    private interface Watch {
        /// Returns when the time is over.
        void await() throws InterruptedException;
    }

    private <T> T within(Watch watch, StoreCall<T> call, Next next) throws IOException, InterruptedException {
        var over = new AtomicBoolean();
        var clock = Thread.ofVirtual().name("answer of " + peer).start(() -> {
            try {
                watch.await();
            } catch (InterruptedException e) {
                return;
            }
            over.set(true);
            cut.run();
        });
        try {
            return next.make(call);
        } catch (IOException e) {
            if (!over.get()) throw e;
            throw new UnreachableException(
                    UnreachableException.Kind.TIMED_OUT,
                    "%s is there, and has not answered within timeouts.nixReply".formatted(peer),
                    "log in there and see what its Nix daemon is doing",
                    e);
        } finally {
            clock.interrupt();
        }
    }

    /// What of an upload is on its way or there.
    private final class Sent {
        private final CountDownLatch left;
        private final AtomicLong bytes = new AtomicLong();

        Sent(int paths) {
            this.left = new CountDownLatch(paths);
        }

        NarToAdd counting(NarToAdd path) {
            return new NarToAdd(path.info(), sink -> {
                var summary = path.nar().writeTo(sink);
                bytes.addAndGet(summary.size());
                left.countDown();
                return summary;
            });
        }

        void awaitAnswerTime() throws InterruptedException {
            left.await();
            Thread.sleep(limit.plusSeconds(bytes.get() / UNPACKED_PER_SECOND));
        }
    }

    /// Notes whether it is the receiver that is waited for, and how much has come.
    private final class Progress extends OutputStream {
        /// Less than this in a limit's time is none.
        private static final long LEAST = 16 * 1024;

        private final OutputStream out;
        private final AtomicLong bytes = new AtomicLong();
        /// Goes up when the receiver begins to take something, and when it has; odd in between.
        private final AtomicLong turns = new AtomicLong();

        Progress(OutputStream out) {
            this.out = out;
        }

        /// Returns when, over a whole limit's time, next to nothing has come although the receiver would have taken
        /// it.
        void awaitStall() throws InterruptedException {
            while (true) {
                long had = bytes.get();
                boolean receiving = isReceiving();
                Thread.sleep(limit);
                if (!receiving && !isReceiving() && bytes.get() - had < LEAST) return;
            }
        }

        private boolean isReceiving() {
            return (turns.get() & 1) == 1;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] chunk, int offset, int length) throws IOException {
            turns.incrementAndGet();
            try {
                out.write(chunk, offset, length);
            } finally {
                turns.incrementAndGet();
            }
            bytes.addAndGet(length);
        }
    }
}
