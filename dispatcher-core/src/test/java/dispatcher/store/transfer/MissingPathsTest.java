package dispatcher.store.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.PathSource;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Store;
import dispatcher.store.Verify;
import dispatcher.store.conversation.GuardedStore;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class MissingPathsTest {
    private static final int MANY = 300;

    private final FakeStore machine = new FakeStore();
    private final FakeStore paths = new FakeStore();
    private final List<Set<StorePath>> lookedInto = new ArrayList<>();

    private class Source implements PathSource {
        @Override
        public Optional<PathInfo> info(StorePath path) throws IOException {
            return paths.queryPathInfo(path);
        }

        @Override
        public Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException {
            lookedInto.add(Set.copyOf(paths));
            return PathSource.super.infos(paths);
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) {
            throw new AssertionError("nothing is sent yet");
        }
    }

    /// A machine whose second question and those after it are held up by `beforeAnswer`.
    private GuardedStore askedTwice(CountDownLatch asked, CountDownLatch beforeAnswer) {
        return new GuardedStore(machine) {
            private boolean first = true;

            @Override
            public SortedSet<StorePath> queryValidPaths(
                    Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
                    throws IOException, InterruptedException {
                if (!first) {
                    asked.countDown();
                    beforeAnswer.await();
                }
                first = false;
                return super.queryValidPaths(paths, expected, substitute);
            }
        };
    }

    private StorePath add(String name, StorePath... references) {
        var tree = NarTree.file(name);
        paths.with(FakeStore.info(name, tree, references), tree);
        return FakeStore.path(name);
    }

    private StorePath addManyBelow(String name, StorePath... leaves) {
        var references = new ArrayList<>(List.of(leaves));
        for (int i = 0; i < MANY; i++) references.add(add(name + i, leaves));
        return add(name, references.toArray(StorePath[]::new));
    }

    private void onMachine(StorePath... there) {
        for (var path : there) machine.with(paths.info(path), paths.tree(path));
    }

    private Set<StorePath> missing(Store target, Predicate<StorePath> expected, StorePath path)
            throws IOException, InterruptedException {
        return new MissingPaths(target, expected, false, new Source())
                .of(List.of(path))
                .keySet();
    }

    @Test
    void whatTheMachineIsThoughtToHaveIsNotLookedInto() throws Exception {
        var libc = add("libc");
        var lib = add("lib", libc);
        var tool = add("tool", lib);
        onMachine(libc, lib);

        assertThat(missing(machine, lib::equals, tool)).containsExactly(tool);
        assertThat(lookedInto).containsExactly(Set.of(tool));
    }

    @Test
    void whatTheMachineDoesNotHaveAfterAllIsLookedInto() throws Exception {
        var libc = add("libc");
        var lib = add("lib", libc);
        var other = add("other", libc);
        var tool = add("tool", lib, other);
        onMachine(libc);

        assertThat(missing(machine, _ -> true, tool)).containsExactlyInAnyOrder(tool, lib, other);
        assertThat(lookedInto).containsExactly(Set.of(tool), Set.of(lib, other));
    }

    @Test
    void whatNobodyHasIsTold() {
        var gone = FakeStore.path("gone");
        var tool = add("tool", gone);

        assertThatThrownBy(() -> missing(machine, _ -> true, tool))
                .isInstanceOf(SourceFailedException.class)
                .hasMessage("input '%s' is neither on the machine nor anywhere the dispatcher can get it from", gone);
    }

    @Test
    void machineIsAskedForManyWhileTheSourceIsLookedThrough() throws Exception {
        var libc = add("libc");
        var tool = addManyBelow("tool", add("lib", libc));
        onMachine(libc);
        var asked = new CountDownLatch(1);
        var lookedThrough = new CountDownLatch(1);
        var target = askedTwice(asked, lookedThrough);
        var source = new Source() {
            @Override
            public Map<StorePath, PathInfo> infos(Collection<StorePath> paths)
                    throws IOException, InterruptedException {
                if (paths.size() == MANY + 1) asked.await();
                if (paths.contains(libc)) lookedThrough.countDown();
                return super.infos(paths);
            }
        };

        assertThat(new MissingPaths(target, _ -> false, false, source).of(List.of(tool)))
                .hasSize(MANY + 2)
                .doesNotContainKey(libc);
    }

    @Test
    void machineThatFailsMeanwhileIsToldOf() {
        var tool = addManyBelow("tool", add("lib"));
        var target = new GuardedStore(machine) {
            @Override
            public SortedSet<StorePath> queryValidPaths(
                    Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
                    throws IOException, InterruptedException {
                if (paths.size() > 1) throw new IOException("connection broke");
                return super.queryValidPaths(paths, expected, substitute);
            }
        };

        assertThatThrownBy(() -> missing(target, _ -> false, tool))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("connection broke");
    }

    @Test
    void sourceThatFailsMeanwhileDoesNotWaitForTheMachine() throws Exception {
        var tool = addManyBelow("tool", add("lib"));
        var asked = new CountDownLatch(1);
        var target = askedTwice(asked, new CountDownLatch(1));
        var source = new Source() {
            @Override
            public Map<StorePath, PathInfo> infos(Collection<StorePath> paths)
                    throws IOException, InterruptedException {
                if (paths.size() == 1) return super.infos(paths);
                asked.await();
                throw new IOException("host went away");
            }
        };

        assertThatThrownBy(() -> new MissingPaths(target, _ -> false, false, source).of(List.of(tool)))
                .isInstanceOf(SourceFailedException.class)
                .hasMessage("cannot look up inputs: host went away");
    }

    @Test
    void whoIsInterruptedDoesNotWaitForTheMachine() throws Exception {
        var tool = addManyBelow("tool", add("lib"));
        var asked = new CountDownLatch(1);
        var target = askedTwice(asked, new CountDownLatch(1));
        var thread = new CompletableFuture<Thread>();
        var looking = Await.start(() -> {
            thread.complete(Thread.currentThread());
            return missing(target, _ -> false, tool);
        });
        asked.await();
        Await.result(thread).interrupt();

        assertThatThrownBy(() -> Await.result(looking)).hasCauseInstanceOf(InterruptedException.class);
    }
}
