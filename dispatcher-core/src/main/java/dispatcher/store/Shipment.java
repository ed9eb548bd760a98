package dispatcher.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.jgrapht.graph.AbstractBaseGraph;
import org.jgrapht.graph.DefaultEdge;
import org.jgrapht.graph.DefaultGraphSpecificsStrategy;
import org.jgrapht.graph.DefaultGraphType;
import org.jgrapht.traverse.TopologicalOrderIterator;
import org.jgrapht.util.SupplierUtil;

/// Paths that several send to one machine at the same time. Each takes a batch of those that can go: what they
/// refer to is there, or before them in the same batch. The largest go first, so that all senders end at about
/// the same time. One who is alone takes all at once, in an order in which they may go.
///
/// Safe for any thread; the lock is not held over I/O. To take a batch costs about log(paths) for each path in it.
final class Shipment {
    /// So many for each shipment, so that no sender waits long for the last of another.
    private static final int BATCHES = 16;

    /// Each batch costs a round trip, and holds that much or more.
    private static final int LEAST_PATHS = 64;
    private static final long LEAST_BYTES = 4 << 20;

    private static final int[] NONE = {};

    /// Each after those it refers to.
    private final List<PathInfo> paths;

    /// For each path those of the others that refer to it; none with one sender, who need not wait for any.
    private final int[][] referrers;

    private final int mostPaths;
    private final long mostBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /// For each path, how many of those it refers to are not there yet.
    @GuardedBy("lock")
    private final int[] awaited;

    @GuardedBy("lock")
    private final PriorityQueue<Integer> ready;

    @GuardedBy("lock")
    private final BitSet taken = new BitSet();

    @GuardedBy("lock")
    private int left;

    @GuardedBy("lock")
    private int underWay;

    @GuardedBy("lock")
    private boolean over;

    /// What one sends at once.
    ///
    /// @param numbers of the paths, as the shipment counts them
    record Batch(List<Integer> numbers, List<PathInfo> paths) {
        boolean isEmpty() {
            return paths.isEmpty();
        }
    }

    /// @param infos of `paths`, and maybe of others
    Shipment(Map<StorePath, PathInfo> infos, Collection<StorePath> paths, int senders) {
        this.paths = referencesFirst(infos, paths);
        this.left = paths.size();
        this.awaited = new int[paths.size()];
        if (senders == 1) {
            this.mostPaths = Integer.MAX_VALUE;
            this.mostBytes = Long.MAX_VALUE;
            this.referrers = new int[paths.size()][];
            Arrays.fill(referrers, NONE);
            this.ready = new PriorityQueue<>();
        } else {
            this.mostPaths = Math.max(LEAST_PATHS, paths.size() / BATCHES);
            this.mostBytes = Math.max(LEAST_BYTES, bytes() / BATCHES);
            this.referrers = referrers(this.paths, awaited);
            this.ready = new PriorityQueue<>(Comparator.<Integer>comparingLong(
                            number -> -this.paths.get(number).narSize())
                    .thenComparing(Comparator.naturalOrder()));
        }
        for (int number = 0; number < awaited.length; number++) if (awaited[number] == 0) ready.add(number);
    }

    /// In an order in which they may be sent.
    List<StorePath> paths() {
        return paths.stream().map(PathInfo::path).toList();
    }

    /// Of all NARs.
    long bytes() {
        return paths.stream().mapToLong(PathInfo::narSize).sum();
    }

    /// What the caller is to send next, and to say [#sent] or [#giveBack] of. Waits while all that is left refers
    /// to what others are sending, and for those to end. Empty if all is there, or nobody is to send any more.
    Batch take() throws InterruptedException {
        lock.lock();
        try {
            while (ready.isEmpty() && left + underWay > 0 && !over) changed.await();
            if (over || ready.isEmpty()) return new Batch(List.of(), List.of());
            var batch = fill();
            left -= batch.paths().size();
            underWay += batch.paths().size();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Batch fill() {
        var batch = new Batch(new ArrayList<>(), new ArrayList<>());
        var inBatch = new HashMap<Integer, Integer>();
        var enabled = new ArrayDeque<Integer>();
        long bytes = 0;
        while (batch.paths().size() < mostPaths && bytes < mostBytes) {
            var next = enabled.isEmpty() ? ready.poll() : enabled.poll();
            if (next == null) break;
            var info = paths.get(next);
            batch.numbers().add(next);
            batch.paths().add(info);
            taken.set(next);
            bytes += info.narSize();
            for (int referrer : referrers[next])
                if (inBatch.merge(referrer, 1, Integer::sum) == awaited[referrer]) enabled.add(referrer);
        }
        return batch;
    }

    /// All of `batch` is there.
    void sent(Batch batch) {
        lock.lock();
        try {
            underWay -= batch.numbers().size();
            for (int number : batch.numbers())
                for (int referrer : referrers[number])
                    if (--awaited[referrer] == 0 && !taken.get(referrer)) ready.add(referrer);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Others are to send `batch`, of which a part may be there.
    void giveBack(Batch batch) {
        lock.lock();
        try {
            underWay -= batch.numbers().size();
            left += batch.numbers().size();
            for (int number : batch.numbers()) {
                taken.clear(number);
                if (awaited[number] == 0) ready.add(number);
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

    /// Of the library's graphs the one that takes the least memory, as closures may have 100,000 paths: it has no
    /// table to look edges up by their ends, and finds no edge that is there twice, which references never are.
    private static final class References extends AbstractBaseGraph<StorePath, DefaultEdge> {
        private static final long serialVersionUID = 1L;

        References() {
            super(
                    null,
                    SupplierUtil.createDefaultEdgeSupplier(),
                    DefaultGraphType.directedMultigraph(),
                    new DefaultGraphSpecificsStrategy<>());
        }
    }

    private static List<PathInfo> referencesFirst(Map<StorePath, PathInfo> infos, Collection<StorePath> paths) {
        var graph = new References();
        for (var path : paths) graph.addVertex(path);
        for (var path : paths)
            for (var reference : info(infos, path).references())
                if (!reference.equals(path) && graph.containsVertex(reference)) graph.addEdge(reference, path);
        var order = new ArrayList<PathInfo>(paths.size());
        new TopologicalOrderIterator<>(graph).forEachRemaining(path -> order.add(info(infos, path)));
        return order;
    }

    static PathInfo info(Map<StorePath, PathInfo> infos, StorePath path) {
        return Objects.requireNonNull(infos.get(path), "no info of a path that is to be sent");
    }

    /// @param counts set to how many of `paths` each of them refers to
    private static int[][] referrers(List<PathInfo> paths, int[] counts) {
        var numbers = new HashMap<StorePath, Integer>();
        for (int number = 0; number < counts.length; number++)
            numbers.put(paths.get(number).path(), number);
        var lists = new ArrayList<IntStream.Builder>(counts.length);
        for (int number = 0; number < counts.length; number++) lists.add(IntStream.builder());
        for (int number = 0; number < counts.length; number++) {
            for (var reference : paths.get(number).references()) {
                var other = numbers.get(reference);
                if (other == null || other == number) continue;
                lists.get(other).add(number);
                counts[number]++;
            }
        }
        return lists.stream().map(list -> list.build().toArray()).toArray(int[][]::new);
    }
}
