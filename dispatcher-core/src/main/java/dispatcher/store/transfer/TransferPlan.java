package dispatcher.store.transfer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.graph.CompactDependencies;
import dispatcher.graph.Remaining;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.SourceFailedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Paths that several send to one machine at the same time. Each takes a batch of those that can go: what they
/// refer to is there, or before them in the same batch. The largest go first, so that all senders end at about
/// the same time. A sender that is alone takes all at once.
///
/// Safe for any thread; the lock is not held over I/O. To take a batch costs about log(paths) for each path in it.
/// What refers to what is kept in numbers, as closures may have 100,000 paths.
final class TransferPlan {
    /// How many for each batch, so that no sender waits long for the last of another.
    private static final int BATCHES = 16;

    /// Each batch costs a round trip, and holds that much or more.
    private static final int LEAST_PATHS = 64;
    private static final long LEAST_BYTES = 4 << 20;

    private final List<PathInfo> paths;

    /// By the places of the paths.
    private final CompactDependencies references;

    private final int mostPaths;
    private final long mostBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /// What is not there yet.
    @GuardedBy("lock")
    private final Remaining remaining;

    @GuardedBy("lock")
    private final PriorityQueue<Integer> ready;

    @GuardedBy("lock")
    private final BitSet taken = new BitSet();

    @GuardedBy("lock")
    private final List<StorePath> there = new ArrayList<>();

    @GuardedBy("lock")
    private int underWay;

    @GuardedBy("lock")
    private boolean over;

    /// What one sends at once.
    ///
    /// @param numbers of the paths, as the shipment counts them
    record Batch(List<Integer> numbers, List<PathInfo> paths) {
        private static final Batch NONE = new Batch(List.of(), List.of());

        boolean isEmpty() {
            return paths.isEmpty();
        }
    }

    TransferPlan(List<PathInfo> paths, int senders) {
        int count = paths.size();
        this.paths = paths;
        this.mostPaths = senders == 1 ? Integer.MAX_VALUE : Math.max(LEAST_PATHS, count / BATCHES);
        this.mostBytes = senders == 1 ? Long.MAX_VALUE : Math.max(LEAST_BYTES, bytes() / BATCHES);
        var numbers = new HashMap<StorePath, Integer>();
        for (int number = 0; number < count; number++)
            numbers.put(paths.get(number).path(), number);
        this.references = CompactDependencies.of(count, action -> forEachReference(numbers, action));
        this.remaining = new Remaining(references);
        this.ready = new PriorityQueue<>(
                Comparator.<Integer>comparingLong(number -> -paths.get(number).narSize())
                        .thenComparing(Comparator.naturalOrder()));
        for (int number = 0; number < count; number++) if (references.needs(number) == 0) ready.add(number);
    }

    private void forEachReference(Map<StorePath, Integer> numbers, CompactDependencies.Edge action) {
        for (int number = 0; number < paths.size(); number++) {
            for (var reference : paths.get(number).references()) {
                var other = numbers.get(reference);
                if (other != null && other != number) action.between(number, other);
            }
        }
    }

    /// Of all NARs.
    private long bytes() {
        return paths.stream().mapToLong(PathInfo::narSize).sum();
    }

    /// What is there by now, in the order in which it got there.
    List<StorePath> there() {
        lock.lock();
        try {
            return List.copyOf(there);
        } finally {
            lock.unlock();
        }
    }

    /// What the caller is to send next, and to say [#sent] or [#giveBack] of. Waits while all that is left refers
    /// to what others are sending, and for those to end. Empty if all is there, or no sender is to send any more.
    ///
    /// @throws SourceFailedException if what is left refers to itself in a circle, which no store can have
    Batch take() throws SourceFailedException, InterruptedException {
        lock.lock();
        try {
            while (ready.isEmpty() && underWay > 0 && !over) changed.await();
            if (over || there.size() == paths.size()) return Batch.NONE;
            if (ready.isEmpty()) throw circle();
            var batch = fill();
            underWay += batch.paths().size();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private SourceFailedException circle() {
        var left = new ArrayList<StorePath>();
        for (int number = taken.nextClearBit(0); number < paths.size(); number = taken.nextClearBit(number + 1))
            left.add(paths.get(number).path());
        return new SourceFailedException(
                left,
                "input '%s' and others are said to refer to each other in a circle, which no store takes"
                        .formatted(left.getFirst()));
    }

    @GuardedBy("lock")
    private Batch fill() {
        var batch = new Batch(new ArrayList<>(), new ArrayList<>());
        var inBatch = new HashMap<Integer, Integer>();
        var enabled = new ArrayDeque<Integer>();
        var left = remaining;
        long bytes = 0;
        while (batch.paths().size() < mostPaths && bytes < mostBytes) {
            var next = enabled.isEmpty() ? ready.poll() : enabled.poll();
            if (next == null) break;
            var info = paths.get(next);
            batch.numbers().add(next);
            batch.paths().add(info);
            taken.set(next);
            bytes += info.narSize();
            references.forEachDependant(next, referrer -> {
                if (inBatch.merge(referrer, 1, Integer::sum) == left.awaited(referrer)) enabled.add(referrer);
            });
        }
        return batch;
    }

    /// All of `batch` is there.
    void sent(Batch batch) {
        lock.lock();
        try {
            underWay -= batch.paths().size();
            for (var info : batch.paths()) there.add(info.path());
            var freed = new ArrayList<Integer>();
            for (int number : batch.numbers()) remaining.done(number, freed::add);
            for (var number : freed) if (!taken.get(number)) ready.add(number);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Others are to send `batch`, of which a part may be there.
    void giveBack(Batch batch) {
        lock.lock();
        try {
            underWay -= batch.paths().size();
            for (int number : batch.numbers()) {
                taken.clear(number);
                if (remaining.awaited(number) == 0) ready.add(number);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Nobody is to send any more.
    void end() {
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
