package dispatcher.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.wire.Interruption;
import dispatcher.wire.NarSummary;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jgrapht.graph.AbstractBaseGraph;
import org.jgrapht.graph.DefaultEdge;
import org.jgrapht.graph.DefaultGraphSpecificsStrategy;
import org.jgrapht.graph.DefaultGraphType;
import org.jgrapht.traverse.TopologicalOrderIterator;
import org.jgrapht.util.SupplierUtil;

/// Brings what one machine lacks of closures to it. One for each machine, shared by all builds that go there: a path
/// that several of them want at once is sent once, and the others wait for that. If its sender fails, one of them sends
/// it.
///
/// Safe for any thread; the lock is not held over I/O. Cost: one round trip if nothing is missing, two if
/// something is, however deep its closure, and one for all NARs together.
public final class ClosureCopier {
    private final ReentrantLock lock = new ReentrantLock();

    /// What is being sent, and whether it got there.
    @GuardedBy("lock")
    private final Map<StorePath, CompletableFuture<Boolean>> underway = new HashMap<>();

    /// For each copy that asks the machine what it lacks: what others have sent there since it began to ask, wholly
    /// or in part. The machine's answer on those is out of date.
    @GuardedBy("lock")
    private final Set<Set<StorePath>> news = Collections.newSetFromMap(new IdentityHashMap<>());

    /// What copying came to.
    ///
    /// @param sent  the paths that were sent
    /// @param bytes of their NARs
    public record Copied(List<StorePath> sent, long bytes) {
        public static final Copied NOTHING = new Copied(List.of(), 0);

        public int paths() {
            return sent.size();
        }

        Copied plus(Copied other) {
            var all = new ArrayList<>(sent);
            all.addAll(other.sent);
            return new Copied(all, bytes + other.bytes);
        }
    }

    /// Returns when `target` has all of `paths` and what they refer to.
    ///
    /// @param target     a conversation with the machine
    /// @param substitute whether the machine may first fetch what it lacks from its own substituters
    /// @throws SourceFailedException if something missing cannot be had from `source`
    public Copied copy(Store target, Collection<StorePath> paths, PathSource source, boolean substitute)
            throws IOException, InterruptedException {
        var copied = Copied.NOTHING;
        while (true) {
            var outdated = listen();
            try {
                var missing = findMissing(target, paths, source, substitute);
                if (missing.isEmpty()) return copied;
                var sent = sendUnclaimed(target, missing, outdated, source);
                copied = copied.plus(sent);
                if (sent.paths() == missing.size()) return copied;
            } finally {
                stopListening(outdated);
            }
        }
    }

    private Set<StorePath> listen() {
        var outdated = new HashSet<StorePath>();
        lock.lock();
        try {
            news.add(outdated);
        } finally {
            lock.unlock();
        }
        return outdated;
    }

    private void stopListening(Set<StorePath> outdated) {
        lock.lock();
        try {
            news.remove(outdated);
        } finally {
            lock.unlock();
        }
    }

    private static Map<StorePath, PathInfo> findMissing(
            Store target, Collection<StorePath> paths, PathSource source, boolean substitute)
            throws IOException, InterruptedException {
        if (paths.isEmpty()) return Map.of();
        var lacking = new TreeSet<>(paths);
        lacking.removeAll(target.queryValidPaths(paths, substitute));
        if (lacking.isEmpty()) return Map.of();

        var known = new HashMap<StorePath, PathInfo>();
        var top = new HashSet<>(paths);
        var below = new TreeSet<StorePath>();
        Set<StorePath> generation = lacking;
        while (!generation.isEmpty()) {
            var infos = infos(source, generation);
            known.putAll(infos);
            generation = new TreeSet<>();
            for (var info : infos.values())
                for (var reference : info.references())
                    if (!top.contains(reference) && below.add(reference)) generation.add(reference);
        }
        var there = below.isEmpty() ? below : target.queryValidPaths(below, substitute);

        var missing = new LinkedHashMap<StorePath, PathInfo>();
        var open = new ArrayDeque<StorePath>(lacking);
        while (!open.isEmpty()) {
            var path = open.remove();
            var info = known.get(path);
            if (info == null)
                throw new SourceFailedException(
                        List.of(path),
                        "input '%s' is neither on the machine nor anywhere the dispatcher can get it from"
                                .formatted(path));
            if (missing.put(path, info) != null) continue;
            for (var reference : info.references())
                if (below.contains(reference) && !there.contains(reference) && !missing.containsKey(reference))
                    open.add(reference);
        }
        return missing;
    }

    private static Map<StorePath, PathInfo> infos(PathSource source, Set<StorePath> paths)
            throws IOException, InterruptedException {
        try {
            return source.infos(paths);
        } catch (SourceFailedException e) {
            throw e;
        } catch (IOException e) {
            Interruption.rethrow(e);
            throw new SourceFailedException(paths, "cannot look up inputs: %s".formatted(e.getMessage()), e);
        }
    }

    /// Sends those of `missing` that nobody else is sending, once those that somebody else sends are there.
    /// Claiming all of them at once keeps two copies from waiting for each other: a copy only waits for claims
    /// that are older than its own. Sends nothing if the machine must be asked again.
    private Copied sendUnclaimed(
            Store target, Map<StorePath, PathInfo> missing, Set<StorePath> outdated, PathSource source)
            throws IOException, InterruptedException {
        var done = new CompletableFuture<Boolean>();
        var claimed = new ArrayList<StorePath>();
        var others = Collections.newSetFromMap(new IdentityHashMap<CompletableFuture<Boolean>, Boolean>());
        lock.lock();
        try {
            if (!Collections.disjoint(missing.keySet(), outdated)) return Copied.NOTHING;
            for (var path : missing.keySet()) {
                var other = underway.putIfAbsent(path, done);
                if (other == null) claimed.add(path);
                else others.add(other);
            }
        } finally {
            lock.unlock();
        }
        boolean sent = false;
        try {
            for (var other : others) if (!outcome(other)) return Copied.NOTHING;
            var copied = send(target, missing, claimed, source);
            sent = true;
            return copied;
        } finally {
            lock.lock();
            try {
                for (var path : claimed) underway.remove(path, done);
                for (var listener : news) listener.addAll(claimed);
            } finally {
                lock.unlock();
            }
            done.complete(sent);
        }
    }

    private static boolean outcome(CompletableFuture<Boolean> other) throws InterruptedException {
        try {
            return other.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a copy ended with an exception instead of its outcome", e);
        }
    }

    private static Copied send(
            Store target, Map<StorePath, PathInfo> missing, List<StorePath> claimed, PathSource source)
            throws IOException, InterruptedException {
        var batch = new ArrayList<NarToAdd>();
        long bytes = 0;
        var order = referencesFirst(missing, claimed);
        for (var path : order) {
            var info = missing.get(path);
            if (info == null) throw new IllegalStateException("no info of " + path);
            bytes += info.narSize();
            batch.add(new NarToAdd(info.withoutUltimate(), sink -> copyNar(source, info, sink)));
        }
        try {
            if (!batch.isEmpty()) target.addToStore(batch);
        } catch (SourceFailedException e) {
            throw e;
        } catch (IOException e) {
            source.notTaken();
            throw e;
        }
        return new Copied(order, bytes);
    }

    /// Of the library's graphs the one that takes the least memory, as closures may have 100,000 paths: it has no table
    /// to look edges up by their ends, and finds no edge that is there twice, which references never are.
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

    private static List<StorePath> referencesFirst(Map<StorePath, PathInfo> missing, List<StorePath> claimed) {
        var graph = new References();
        for (var path : claimed) graph.addVertex(path);
        for (var path : claimed) {
            var info = missing.get(path);
            if (info == null) continue;
            for (var reference : info.references())
                if (!reference.equals(path) && graph.containsVertex(reference)) graph.addEdge(reference, path);
        }
        var order = new ArrayList<StorePath>(claimed.size());
        new TopologicalOrderIterator<>(graph).forEachRemaining(order::add);
        return order;
    }

    /// The machine compares the hash, so only the size is compared here.
    private static NarSummary copyNar(PathSource source, PathInfo info, OutputStream sink)
            throws IOException, InterruptedException {
        var receiver = new Receiver(sink);
        try {
            var summary = new NarSummary(info.narHash(), source.copyNar(info, receiver));
            summary.requireSameAs(info, "its source");
            return summary;
        } catch (IOException e) {
            Interruption.rethrow(e);
            if (receiver.failed) throw e;
            throw new SourceFailedException(
                    List.of(info.path()), "cannot read input '%s': %s".formatted(info.path(), e.getMessage()), e);
        }
    }

    /// Tells a receiver that fails from a source that fails, since both do so inside the same call.
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
