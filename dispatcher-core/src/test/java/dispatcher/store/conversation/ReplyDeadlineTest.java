package dispatcher.store.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Liar;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Samples;
import dispatcher.wire.NarSummary;
import dispatcher.wire.UnreachableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ReplyDeadlineTest {
    private static final NarTree TREE = NarTree.file("p");
    private static final PathInfo INFO = FakeStore.info("p", TREE);

    /// Answers nothing until it is closed, which breaks off what it was asked.
    private static class Silent extends Liar {
        private final CountDownLatch closed = new CountDownLatch(1);

        Silent() {
            super(new FakeStore().with(INFO, TREE));
        }

        boolean isClosed() {
            return closed.getCount() == 0;
        }

        final void awaitClose() throws IOException, InterruptedException {
            closed.await();
            throw new IOException("closed");
        }

        @Override
        public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
            awaitClose();
            return Optional.empty();
        }

        @Override
        public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
            super.addToStore(paths);
            awaitClose();
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
                throws IOException, InterruptedException {
            sink.write(0);
            awaitClose();
            return super.narFromPath(path, verify, sink);
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }

    private final Silent silent = new Silent();
    private final Store store = ReplyDeadline.around(silent, "arm-3", Duration.ofMillis(20));

    private void assertCut() {
        assertThat(silent.isClosed()).isTrue();
    }

    @Test
    void questionThatIsNotAnsweredInTimeEndsTheConversation() {
        assertThatThrownBy(() -> store.queryPathInfo(INFO.path()))
                .isInstanceOf(UnreachableException.class)
                .hasMessageContaining("arm-3 is there, and has not answered within timeouts.nixReply");
        assertCut();
    }

    @Test
    void uploadThatIsTakenAndNotAnsweredDoesToo() {
        assertThatThrownBy(() -> store.addToStore(List.of(FakeStore.toAdd(INFO, TREE))))
                .isInstanceOf(UnreachableException.class);
        assertCut();
    }

    @Test
    void narThatStopsOnItsWayDoesToo() {
        assertThatThrownBy(() -> store.narFromPath(INFO.path(), Verify.HERE, new ByteArrayOutputStream()))
                .isInstanceOf(UnreachableException.class);
        assertCut();
    }

    @Test
    void answerInTimeComesThrough() throws Exception {
        var quick = new FakeStore().with(INFO, TREE);
        var watched = ReplyDeadline.around(quick, "arm-3", Duration.ofMinutes(1));

        assertThat(watched.queryPathInfo(INFO.path())).contains(INFO);
        assertThat(quick.isClosed()).isFalse();
    }

    @Test
    void buildTakesAsLongAsItTakes() throws Exception {
        var building = new Silent() {
            @Override
            public BuildResult buildDerivation(
                    StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log) {
                return BuildResult.of(BuildStatus.BUILT, Thread.currentThread().getName());
            }
        };
        var watched = ReplyDeadline.around(building, "arm-3", Duration.ZERO);

        assertThat(watched.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, BuildLog.NONE)
                        .isSuccess())
                .isTrue();
        assertThat(building.isClosed()).isFalse();
    }
}
