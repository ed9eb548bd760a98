package dispatcher.store.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.store.NarToAdd;
import dispatcher.store.NarToAdd.NarSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.Await;
import dispatcher.testkit.Gate;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class GrowingNarTest {
    private static final int SIZE = 512 * 1024;

    @TempDir
    private Path temp;

    private Spool spool;
    private final Upload upload = Upload.of("a", SIZE);
    private final Gate gate = new Gate();

    @BeforeEach
    void open() throws IOException {
        spool = Spool.open(temp.resolve("spool"), StoreDir.NIX_STORE, SpoolLimits.of(10 * SIZE));
    }

    @AfterEach
    void close() {
        spool.close();
    }

    /// What a follower has read, and how following ended.
    private static final class Reader implements SpoolSession.Follower {
        private final ByteArrayOutputStream read = new ByteArrayOutputStream();
        private CompletableFuture<Long> result = new CompletableFuture<>();
        private boolean begun;

        @Override
        public boolean wants(PathInfo info) {
            return true;
        }

        @Override
        public void begins(GrowingNar nar) {
            begun = true;
            result = Await.start(() -> {
                try (nar) {
                    return nar.copyTo(read);
                }
            });
        }

        void awaitBytes(int count) {
            Await.until(count + " bytes have been read", () -> read.size() >= count);
        }
    }

    /// Half of the NAR, and the rest once the gate is open.
    private NarSource inHalves(byte[] nar, NarSummary summary) {
        return sink -> {
            sink.write(nar, 0, nar.length / 2);
            gate.pass();
            sink.write(nar, nar.length / 2, nar.length - nar.length / 2);
            return summary;
        };
    }

    private CompletableFuture<Boolean> add(PathInfo info, NarSource nar, Reader reader) {
        return Await.start(() -> {
            try (var session = spool.session("client", reader)) {
                session.addToStore(List.of(new NarToAdd(info, nar)));
            }
            return true;
        });
    }

    @Test
    void readerGetsWhatHasComeWhileTheRestIsStillToCome() {
        var reader = new Reader();
        var added = add(upload.info(), inHalves(upload.nar(), upload.summary()), reader);
        reader.awaitBytes(SIZE / 2);
        assertThat(reader.read.size()).isEqualTo(SIZE / 2);

        gate.open();
        assertThat(Await.result(reader.result)).isEqualTo(SIZE);
        assertThat(Await.result(added)).isTrue();
        assertThat(reader.read.toByteArray()).isEqualTo(upload.nar());
    }

    @Test
    void lastBytesAreNotReadBeforeTheNarIsKnownToBeRight() {
        var reader = new Reader();
        var added = add(
                upload.info(),
                sink -> {
                    sink.write(upload.nar(), 0, SIZE);
                    reader.awaitBytes(SIZE - 8);
                    gate.pass();
                    return upload.summary();
                },
                reader);
        gate.awaitArrivals(1);
        assertThat(reader.read.size()).isEqualTo(SIZE - 8);

        gate.open();
        assertThat(Await.result(reader.result)).isEqualTo(SIZE);
        assertThat(Await.result(added)).isTrue();
    }

    @Test
    void readerOfAnUploadThatIsNotWhatItSaidNeverHasAllOfIt() {
        var reader = new Reader();
        var wrong = new NarSummary(Upload.of("b", SIZE).info().narHash(), SIZE);
        gate.open();
        var added = add(upload.info(), inHalves(upload.nar(), wrong), reader);
        assertThatThrownBy(() -> Await.result(added)).hasCauseInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> Await.result(reader.result)).hasCauseInstanceOf(IOException.class);
        assertThat(reader.read.size()).isLessThanOrEqualTo(SIZE - 8);
        assertThat(spool.queryAllValidPaths()).isEmpty();
    }

    @Test
    void readerOfAnUploadThatIsRefusedAtItsEndNeverHasAllOfIt() {
        var reader = new Reader();
        var added = add(
                upload.info(),
                sink -> {
                    sink.write(upload.nar(), 0, SIZE);
                    throw new StoreRefusedException("it has another content address");
                },
                reader);
        assertThatThrownBy(() -> Await.result(added)).hasCauseInstanceOf(StoreRefusedException.class);
        assertThatThrownBy(() -> Await.result(reader.result)).hasMessageContaining("its upload failed");
        assertThat(reader.read.size()).isLessThanOrEqualTo(SIZE - 8);
    }

    @Test
    void readerOfAnUploadThatComesAfterAnotherNarForThePathNeverHasAllOfIt() throws Exception {
        var reader = new Reader();
        var added = add(upload.info(), inHalves(upload.nar(), upload.summary()), reader);
        reader.awaitBytes(SIZE / 2);
        var other = Upload.of("a", "another content", SIZE);
        other.addTo(spool);

        gate.open();
        assertThat(Await.result(added)).isTrue();
        assertThatThrownBy(() -> Await.result(reader.result)).hasMessageContaining("its upload failed");
        assertThat(spool.queryPathInfo(upload.path()).orElseThrow().narHash())
                .isEqualTo(other.info().narHash());
        assertThat(reader.read.size()).isLessThanOrEqualTo(SIZE - 8);
    }

    @Test
    void readerReadsOnWhenThePathHasGoneFromTheSpoolMeanwhile() throws Exception {
        var read = new ByteArrayOutputStream();
        var following = new CompletableFuture<GrowingNar>();
        var follower = new SpoolSession.Follower() {
            @Override
            public boolean wants(PathInfo info) {
                return true;
            }

            @Override
            public void begins(GrowingNar nar) {
                following.complete(nar);
            }
        };
        try (var session = spool.session("client", follower)) {
            session.addToStore(List.of(upload.toAdd()));
        }
        assertThat(spool.trim(0).paths()).isEqualTo(List.of(upload.path()));
        try (var nar = following.join()) {
            assertThat(nar.copyTo(read)).isEqualTo(SIZE);
        }
        assertThat(Arrays.equals(read.toByteArray(), upload.nar())).isTrue();
    }

    @Test
    void nobodyFollowsWhatIsThereOrHasNoSizeBeforehand() throws Exception {
        var unsized = PathInfo.of(Upload.path("unsized"), upload.info().narHash(), 0, List.of());
        var reader = new Reader();
        gate.open();
        Await.result(add(unsized, upload.source(), reader));
        assertThat(reader.begun).isFalse();
        Await.result(add(upload.info(), upload.source(), reader));
        assertThat(reader.begun).as("the spool has that NAR").isFalse();
    }
}
