package dispatcher.store.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.PathSource;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.store.transfer.ClosureCopier.Copied;
import dispatcher.store.transfer.ClosureCopier.Errand;
import dispatcher.store.transfer.ClosureCopier.Helper;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Gate;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Seeds;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ClosureCopierTest {
    private static Helper noHelp() {
        throw new AssertionError("this is little");
    }

    private final ClosureCopier copier = new ClosureCopier();
    private final Source source = new Source(new FakeStore());
    private final FakeStore machine = new FakeStore();

    /// Paths that can be had, each a file with its own name in it.
    private static final class Source implements PathSource {
        private final FakeStore paths;
        private final Map<StorePath, IOException> failures = new ConcurrentHashMap<>();
        private final Map<StorePath, Gate> gates = new ConcurrentHashMap<>();
        private int timesNotTaken;

        Source(FakeStore paths) {
            this.paths = paths;
        }

        StorePath add(String name, StorePath... references) {
            var tree = NarTree.file(name);
            paths.with(FakeStore.info(name, tree, references), tree);
            return FakeStore.path(name);
        }

        /// Another way to the same paths.
        Source copy() {
            return new Source(paths);
        }

        Gate holdUp(StorePath path) {
            return gates.computeIfAbsent(path, _ -> new Gate());
        }

        /// Half of the NAR comes, and then this.
        void fail(StorePath path, IOException failure) {
            failures.put(path, failure);
        }

        @Override
        public Optional<PathInfo> info(StorePath path) throws IOException {
            return paths.queryPathInfo(path);
        }

        @Override
        public void notTaken() {
            timesNotTaken++;
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
                throws IOException, InterruptedException {
            var gate = gates.get(path);
            if (gate != null) gate.pass();
            var failure = failures.get(path);
            if (failure == null) return paths.narFromPath(path, verify, sink);
            sink.write(paths.tree(path).toNar(), 0, 8);
            throw failure;
        }
    }

    /// A conversation with the one machine, which refuses a path before its references and a path that it has.
    private class Conversation implements Store {
        @Override
        public SortedSet<StorePath> queryValidPaths(
                Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) throws IOException {
            return machine.queryValidPaths(paths, expected, substitute);
        }

        @Override
        public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
            for (var path : paths) {
                var info = path.info();
                for (var reference : info.references())
                    if (!reference.equals(info.path()) && !machine.paths().contains(reference))
                        throw new StoreRefusedException(info.path() + " came before " + reference);
                if (machine.paths().contains(info.path())) throw new StoreRefusedException(info.path() + " came twice");
                machine.addToStore(List.of(path));
            }
        }

        @Override
        public Optional<PathInfo> queryPathInfo(StorePath path) {
            throw new AssertionError();
        }

        @Override
        public SortedSet<StorePath> queryAllValidPaths() {
            throw new AssertionError();
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) {
            throw new AssertionError();
        }

        @Override
        public BuildResult buildDerivation(
                StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log) {
            throw new AssertionError();
        }

        @Override
        public void close() {}
    }

    private Copied copy(StorePath... paths) throws IOException, InterruptedException {
        return copier.copy(
                new Conversation(), List.of(paths), _ -> false, source, false, _ -> {}, ClosureCopierTest::noHelp);
    }

    private CompletableFuture<Copied> start(StorePath... paths) {
        return start(source, paths);
    }

    private CompletableFuture<Copied> start(Source from, StorePath... paths) {
        return Await.start(() -> copier.copy(
                new Conversation(), List.of(paths), _ -> false, from, false, _ -> {}, ClosureCopierTest::noHelp));
    }

    private List<String> asked(String what) {
        return machine.journal().stream().filter(line -> line.startsWith(what)).toList();
    }

    private void onMachine(StorePath... paths) {
        for (var path : paths) machine.with(source.paths.info(path), source.paths.tree(path));
    }

    @Test
    void referencesGoFirst() throws Exception {
        var libc = source.add("libc");
        var lib = source.add("lib", libc);
        var tool = source.add("tool", lib, libc);
        assertThat(copy(tool).paths()).isEqualTo(3);

        assertThat(asked("addToStore"))
                .containsExactly("addToStore " + libc, "addToStore " + lib, "addToStore " + tool);
    }

    @Test
    void pathThatRefersToItselfIsNoCircle() throws Exception {
        var self = source.add("self", FakeStore.path("self"));
        copy(self);

        assertThat(machine.paths()).containsExactly(self);
    }

    @Test
    void nothingIsSentWhenAllIsThereAndItTakesOneQuestion() throws Exception {
        var libc = source.add("libc");
        var tool = source.add("tool", libc);
        onMachine(libc, tool);

        assertThat(copy(tool, libc)).isEqualTo(Copied.NOTHING);
        assertThat(machine.journal()).hasSize(1);
    }

    @Test
    void nothingToCopyAsksNothing() throws Exception {
        assertThat(copy()).isEqualTo(Copied.NOTHING);
        assertThat(machine.journal()).isEmpty();
    }

    @Test
    void onlyWhatIsMissingOfAClosureIsSent() throws Exception {
        var libc = source.add("libc");
        var lib = source.add("lib", libc);
        var tool = source.add("tool", lib, libc);
        onMachine(libc);
        var copied = copy(tool);

        assertThat(asked("addToStore")).containsExactly("addToStore " + lib, "addToStore " + tool);
        assertThat(copied)
                .isEqualTo(new Copied(
                        List.of(lib, tool),
                        source.paths.info(lib).narSize()
                                + source.paths.info(tool).narSize()));
    }

    @Test
    void whatTheMachineHasIsNotLookedInto() throws Exception {
        var libc = source.add("libc");
        var tool = source.add("tool", libc);
        onMachine(tool);
        copy(tool);

        assertThat(machine.journal()).hasSize(1);
        assertThat(machine.paths()).doesNotContain(libc);
    }

    @Test
    void deepClosureCostsTwoQuestions() throws Exception {
        var there = source.add("there");
        var path = there;
        for (int i = 0; i < 30; i++) path = source.add("p" + i, path, there);
        onMachine(there);

        assertThat(copy(path).paths()).isEqualTo(30);
        assertThat(asked("queryValidPaths")).hasSize(2);
    }

    @Test
    void whatTheSourceLacksIsNotMissedIfTheMachineHasIt() throws Exception {
        var there = FakeStore.path("there");
        var tool = source.add("tool", there);
        machine.with(FakeStore.info("there", NarTree.file("there")), NarTree.file("there"));

        assertThat(copy(tool).paths()).isEqualTo(1);
    }

    @Test
    void machineIsNotToldThatWeBuiltIt() throws Exception {
        var tree = NarTree.file("own");
        var info = FakeStore.info("own", tree);
        source.paths.with(
                new PathInfo(
                        info.path(),
                        info.deriver(),
                        info.narHash(),
                        info.references(),
                        info.registrationTime(),
                        info.narSize(),
                        true,
                        info.signatures(),
                        info.contentAddress()),
                tree);
        copy(info.path());

        assertThat(machine.info(info.path()).ultimate()).isFalse();
    }

    @Nested
    class AtOnce {
        @Test
        void pathThatTwoWantIsSentOnce() {
            var libc = source.add("libc");
            var gate = source.holdUp(libc);
            var first = start(source.add("one", libc));
            gate.awaitArrivals(1);
            var second = start(source.add("two", libc));
            Await.until(
                    "the second has asked",
                    () -> asked("queryValidPaths [" + FakeStore.path("two")).size() == 1);
            gate.open();

            assertThat(Await.result(first).paths()).isEqualTo(2);
            assertThat(Await.result(second).paths()).isEqualTo(1);
            assertThat(asked("addToStore " + libc)).hasSize(1);
        }

        @Test
        void ifTheFirstSenderFailsTheOtherSendsItself() {
            var libc = source.add("libc");
            var broken = source.copy();
            broken.fail(libc, new IOException("disk broke"));
            var gate = broken.holdUp(libc);
            var first = start(broken, libc);
            gate.awaitArrivals(1);
            var second = start(source.add("two", libc));
            Await.until(
                    "the second has asked",
                    () -> asked("queryValidPaths [" + libc).size() == 2);
            gate.open();

            assertThatThrownBy(() -> Await.result(first)).hasRootCauseMessage("disk broke");
            assertThat(Await.result(second).paths()).isEqualTo(2);
        }

        @Test
        void whoIsInterruptedWhileWaitingLeavesTheSenderAlone() throws Exception {
            var libc = source.add("libc");
            var gate = source.holdUp(libc);
            var first = start(libc);
            gate.awaitArrivals(1);
            var thread = new CompletableFuture<Thread>();
            var second = Await.start(() -> {
                thread.complete(Thread.currentThread());
                return copy(libc);
            });
            Await.until("the second has asked", () -> asked("queryValidPaths").size() == 2);
            Await.result(thread).interrupt();
            assertThatThrownBy(() -> Await.result(second)).hasCauseInstanceOf(InterruptedException.class);
            gate.open();

            assertThat(Await.result(first).paths()).isEqualTo(1);
        }

        @Test
        void overlappingClosuresAreSentOncePathByPathWhoeverFails() {
            Seeds.run(40, seed -> new ClosureCopierTest().storm(seed));
        }
    }

    /// Many copies of overlapping closures, some of which fail. The machine refuses what comes twice or too early.
    private void storm(RandomGenerator random) {
        var paths = new ArrayList<StorePath>();
        for (int i = 0; i < 40; i++) {
            var references = paths.stream().filter(_ -> random.nextInt(8) == 0).toArray(StorePath[]::new);
            paths.add(source.add("p" + i, references));
        }
        var copies = new ArrayList<CompletableFuture<Copied>>();
        var wanted = new ArrayList<StorePath>();
        for (int i = 0; i < 16; i++) {
            var from = source.copy();
            if (random.nextInt(3) == 0) from.fail(paths.get(random.nextInt(40)), new IOException("disk broke"));
            var path = paths.get(random.nextInt(40));
            wanted.add(path);
            copies.add(start(from, path));
        }
        int sent = 0;
        for (int i = 0; i < copies.size(); i++) {
            try {
                sent += Await.result(copies.get(i)).paths();
                assertThat(machine.paths()).containsAll(closure(wanted.get(i)));
            } catch (AssertionError e) {
                if (!(e.getCause() instanceof SourceFailedException)) throw e;
            }
        }
        assertThat(sent).isLessThanOrEqualTo(machine.paths().size());
    }

    private Set<StorePath> closure(StorePath root) {
        var closure = new HashSet<StorePath>();
        var open = new ArrayList<>(List.of(root));
        while (!open.isEmpty()) {
            var path = open.removeLast();
            if (closure.add(path)) open.addAll(source.paths.info(path).references());
        }
        return closure;
    }

    /// Enough data for helpers to start.
    @Nested
    class WithHelpers {
        private static final int MANY = 120;

        private final ClosureCopier copier = new ClosureCopier(6000, 0);

        private final AtomicInteger helpers = new AtomicInteger();
        private final AtomicInteger closed = new AtomicInteger();
        private final AtomicInteger byHelpers = new AtomicInteger();

        /// Its conversation says no to the paths that are in `refused`.
        private final class Another implements Helper {
            private final Set<StorePath> refused;

            Another(Set<StorePath> refused) {
                this.refused = refused;
                helpers.incrementAndGet();
            }

            @Override
            public void run(Errand errand) throws IOException, InterruptedException {
                var conversation = new Conversation() {
                    @Override
                    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
                        for (var path : paths)
                            if (refused.contains(path.info().path())) throw new IOException("connection broke");
                        super.addToStore(paths);
                        byHelpers.addAndGet(paths.size());
                    }
                };
                errand.run(conversation, source.copy());
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        }

        private StorePath manyPaths() {
            var leaves = new ArrayList<StorePath>();
            for (int i = 0; i < MANY / 2; i++) leaves.add(source.add("leaf" + i));
            var tops = new ArrayList<StorePath>();
            for (int i = 0; i < MANY / 2; i++)
                tops.add(source.add("top" + i, leaves.get(i), leaves.get((i * 7 + 1) % leaves.size())));
            return source.add("all", tops.toArray(StorePath[]::new));
        }

        private CompletableFuture<Copied> startWith(Supplier<Helper> helper, StorePath path) {
            return Await.start(
                    () -> copier.copy(new Conversation(), List.of(path), _ -> false, source, false, _ -> {}, helper));
        }

        /// The machine refuses what comes twice, or before what it refers to. What others have sent, the copy's own
        /// conversation asks for, which keeps it.
        @Test
        void sendTheSamePathsTogetherEachOnceAndReferencesFirst() {
            var top = manyPaths();
            var kept = new AtomicReference<Set<StorePath>>(Set.of());
            var waiting = new Conversation() {
                @Override
                public SortedSet<StorePath> queryValidPaths(
                        Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
                        throws IOException {
                    var valid = super.queryValidPaths(paths, expected, substitute);
                    kept.set(valid);
                    return valid;
                }

                @Override
                public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
                    Await.until("a helper has sent something", () -> byHelpers.get() > 0);
                    super.addToStore(paths);
                }
            };
            var copying = Await.start(() -> copier.copy(
                    waiting, List.of(top), _ -> false, source, false, _ -> {}, () -> new Another(Set.of())));

            assertThat(Await.result(copying).sent()).containsExactlyInAnyOrderElementsOf(machine.paths());
            assertThat(machine.paths()).hasSize(MANY + 1);
            assertThat(helpers).hasValue(2);
            assertThat(closed).hasValue(2);
            assertThat(kept.get()).containsExactly(top);
        }

        @Test
        void whatTheyFailWithIsSentWithoutThem() {
            var top = manyPaths();
            var copying = startWith(() -> new Another(closure(top)), top);

            assertThat(Await.result(copying).paths()).isEqualTo(MANY + 1);
            assertThat(machine.paths()).hasSize(MANY + 1);
            assertThat(closed).hasValue(2);
        }

        @Test
        void endWithTheCopyThatFails() {
            var top = manyPaths();
            source.fail(top, new IOException("disk broke"));
            var copying = startWith(() -> new Another(Set.of(top)), top);

            assertThatThrownBy(() -> Await.result(copying)).hasRootCauseMessage("disk broke");
            assertThat(closed).hasValue(2);
        }

        /// Who says that it has taken paths, and each time it is asked that it does not have them.
        @Test
        void machineThatDeniesWhatItTookIsNotSentItForEver() {
            var top = manyPaths();
            var taken = new ConcurrentHashMap<StorePath, Integer>();
            var denying = new Conversation() {
                @Override
                public SortedSet<StorePath> queryValidPaths(
                        Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) {
                    return new TreeSet<>();
                }

                @Override
                public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
                    for (var path : paths) {
                        path.nar().writeTo(OutputStream.nullOutputStream());
                        taken.merge(path.info().path(), 1, Integer::sum);
                    }
                }
            };
            var helper = new Helper() {
                @Override
                public void run(Errand errand) throws IOException, InterruptedException {
                    errand.run(denying, source.copy());
                }

                @Override
                public void close() {}
            };
            var copying = Await.start(
                    () -> copier.copy(denying, List.of(top), _ -> false, source, false, _ -> {}, () -> helper));

            assertThatThrownBy(() -> Await.result(copying))
                    .hasRootCauseInstanceOf(ProtocolException.class)
                    .rootCause()
                    .hasMessageMatching("it took .*-(leaf|top|all).* 2 times, and says that it does not have it");
            assertThat(taken.values()).containsOnly(2);
        }

        @Test
        void areForTheNextCopyAgain() throws Exception {
            var top = manyPaths();
            Await.result(startWith(() -> new Another(Set.of()), top));
            new ArrayList<>(machine.paths()).forEach(machine::remove);
            Await.result(startWith(() -> new Another(Set.of()), top));

            assertThat(helpers).hasValue(4);
        }
    }

    @Nested
    class Failures {
        @Test
        void inputThatIsNowhereIsTheSourcesFault() {
            var nowhere = FakeStore.path("nowhere");

            assertThatThrownBy(() -> copy(nowhere))
                    .isInstanceOf(SourceFailedException.class)
                    .hasMessageContaining(nowhere.toString());
        }

        @Test
        void pathsThatReferToEachOtherInACircleAreTheSourcesFault() {
            var one = source.add("one", FakeStore.path("two"));
            var two = source.add("two", FakeStore.path("one"));

            assertThatThrownBy(() -> copy(one))
                    .isInstanceOf(SourceFailedException.class)
                    .hasMessageContaining("circle");
            assertThat(machine.paths()).doesNotContain(one, two);
        }

        @Test
        void narThatBreaksOffIsTheSourcesFault() {
            var path = source.add("p");
            source.fail(path, new IOException("disk broke"));

            assertThatThrownBy(() -> copy(path))
                    .isInstanceOf(SourceFailedException.class)
                    .hasMessageContaining(path.toString())
                    .hasMessageContaining("disk broke");
        }

        @Test
        void narThatIsLongerThanItsInfoSaysIsTheSourcesFault() {
            var info = FakeStore.info("p", NarTree.file("right"));
            source.paths.with(info, NarTree.file("wrong and long"));

            assertThatThrownBy(() -> copy(info.path())).isInstanceOf(SourceFailedException.class);
            assertThat(machine.paths()).isEmpty();
        }

        @Test
        void narThatHasNotTheHashItsInfoSaysIsRefusedByTheMachineAndTheSourceIsTold() {
            var info = FakeStore.info("p", NarTree.file("right"));
            source.paths.with(info, NarTree.file("wrong"));

            assertThatThrownBy(() -> copier.copy(
                            new Conversation(),
                            List.of(info.path()),
                            _ -> false,
                            source,
                            false,
                            _ -> {},
                            ClosureCopierTest::noHelp))
                    .isInstanceOf(StoreRefusedException.class);
            assertThat(machine.paths()).isEmpty();
            assertThat(source.timesNotTaken).isEqualTo(1);
        }

        @Test
        void refusalByTheMachineIsNotTheSourcesFault() {
            var path = source.add("p");
            machine.refusing(path, "not allowed");

            assertThatThrownBy(() -> copy(path)).isInstanceOf(StoreRefusedException.class);
        }

        @Test
        void machineThatTakesNoMoreIsNotTheSourcesFault() {
            var path = source.add("p");
            var breaking = new Conversation() {
                @Override
                public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
                    paths.getFirst().nar().writeTo(new OutputStream() {
                        @Override
                        public void write(int b) throws IOException {
                            throw new IOException("broken pipe");
                        }
                    });
                }
            };

            assertThatThrownBy(() -> copier.copy(
                            breaking, List.of(path), _ -> false, source, false, _ -> {}, ClosureCopierTest::noHelp))
                    .isExactlyInstanceOf(IOException.class)
                    .hasMessage("broken pipe");
        }

        @Test
        void interruptionInsideANarIsNobodysFault() {
            var path = source.add("p");
            source.fail(path, new ClosedByInterruptException());

            assertThatThrownBy(() -> copy(path)).isInstanceOf(InterruptedException.class);
        }

        @Test
        void failedCopyLeavesThePathForTheNext() throws Exception {
            var path = source.add("p");
            var broken = source.copy();
            broken.fail(path, new IOException("disk broke"));
            assertThatThrownBy(() -> copier.copy(
                            new Conversation(),
                            List.of(path),
                            _ -> false,
                            broken,
                            false,
                            _ -> {},
                            ClosureCopierTest::noHelp))
                    .isInstanceOf(SourceFailedException.class);

            assertThat(copy(path).paths()).isEqualTo(1);
        }
    }
}
