package dispatcher.store.transfer;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.PathSource;
import dispatcher.store.SourceFailedException;
import dispatcher.store.StoreReader;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Finds what a machine lacks of closures. The machine is asked, and the source is looked through for what those
/// paths refer to, at the same time. What the machine is thought to have is not looked into, unless it says that
/// it has it not.
///
/// Used once, by one thread; the machine may be asked in another meanwhile. Cost: one round trip if nothing is
/// missing, two if something is, however deep its closure; one more where the machine was thought to have what it
/// has not, or for a large closure.
final class MissingPaths {
    /// How many are asked for before all are known.
    private static final int MUCH = 100;

    private final StoreReader target;
    private final Predicate<StorePath> expected;
    private final boolean substitute;
    private final PathSource source;
    private final Map<StorePath, PathInfo> known = new HashMap<>();

    /// What others refer to, of which some may be [#there].
    private final Set<StorePath> below = new HashSet<>();

    private final Set<StorePath> there = new HashSet<>();

    /// @param expected   which paths the machine is thought to have, right or wrong
    /// @param substitute whether it may first fetch what it lacks from its own substituters
    MissingPaths(StoreReader target, Predicate<StorePath> expected, boolean substitute, PathSource source) {
        this.target = target;
        this.expected = expected;
        this.substitute = substitute;
        this.source = source;
    }

    /// What is missing of `paths` and what they refer to.
    ///
    /// @throws SourceFailedException if some of it cannot be read
    Map<StorePath, PathInfo> of(Collection<StorePath> paths) throws IOException, InterruptedException {
        if (paths.isEmpty()) return Map.of();
        var lacking = new TreeSet<>(paths);
        lacking.removeAll(ask(paths));
        if (lacking.isEmpty()) return Map.of();
        var top = Set.copyOf(paths);
        SortedSet<StorePath> unknown = lacking;
        while (!unknown.isEmpty()) unknown = lookInto(unknown, top);
        return missing(lacking);
    }

    private SortedSet<StorePath> ask(Collection<StorePath> paths) throws IOException, InterruptedException {
        return target.queryValidPaths(paths, expected, substitute);
    }

    /// Looks for what `paths` refer to, but for those of `top`, and asks the machine for that.
    ///
    /// @return what the machine was thought to have, and has not
    private SortedSet<StorePath> lookInto(SortedSet<StorePath> paths, Set<StorePath> top)
            throws IOException, InterruptedException {
        var thoughtThere = new TreeSet<StorePath>();
        try (var questions = new Questions()) {
            var generation = paths;
            while (!generation.isEmpty()) {
                var infos = infos(generation);
                known.putAll(infos);
                generation = new TreeSet<>();
                for (var info : infos.values()) {
                    for (var reference : info.references()) {
                        if (top.contains(reference) || !below.add(reference)) continue;
                        questions.add(reference);
                        (expected.test(reference) ? thoughtThere : generation).add(reference);
                    }
                }
                questions.askIfMany();
            }
            questions.askAll();
        }
        thoughtThere.removeAll(there);
        return thoughtThere;
    }

    private Map<StorePath, PathInfo> infos(Set<StorePath> paths) throws IOException, InterruptedException {
        try {
            return source.infos(paths);
        } catch (SourceFailedException e) {
            throw e;
        } catch (IOException e) {
            Interruption.rethrow(e);
            throw new SourceFailedException(paths, "cannot look up inputs: %s".formatted(e.getMessage()), e);
        }
    }

    private Map<StorePath, PathInfo> missing(Set<StorePath> lacking) throws SourceFailedException {
        var missing = new LinkedHashMap<StorePath, PathInfo>();
        var open = new ArrayDeque<>(lacking);
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

    /// What the machine is asked for in another thread, one question after the other.
    private final class Questions implements AutoCloseable {
        private final ExecutorService asking = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("what is missing").factory());
        private List<StorePath> unasked = new ArrayList<>();
        private @Nullable Future<SortedSet<StorePath>> answer;

        void add(StorePath path) {
            unasked.add(path);
        }

        void askIfMany() throws IOException, InterruptedException {
            if (unasked.size() < MUCH || (answer != null && !answer.isDone())) return;
            awaitAnswer();
            var paths = unasked;
            unasked = new ArrayList<>();
            answer = asking.submit(() -> ask(paths));
        }

        void askAll() throws IOException, InterruptedException {
            awaitAnswer();
            if (!unasked.isEmpty()) there.addAll(ask(unasked));
        }

        private void awaitAnswer() throws IOException, InterruptedException {
            if (answer == null) return;
            try {
                there.addAll(answer.get());
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case IOException failure -> throw failure;
                    case InterruptedException interruption -> throw interruption;
                    case null, default -> throw new IllegalStateException("asking a machine failed", e);
                }
            }
        }

        /// Breaks off what is under way, as something else has failed.
        @Override
        public void close() {
            asking.shutdownNow();
            asking.close();
        }
    }
}
