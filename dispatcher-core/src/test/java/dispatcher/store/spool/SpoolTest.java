package dispatcher.store.spool;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.sun.management.ThreadMXBean;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.nar.NarWriter;
import dispatcher.store.NarToAdd;
import dispatcher.store.NarToAdd.NarSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.wire.NarCopy;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
    private static final long LIMIT = 10_000;

    @TempDir
    private Path temp;

    private Path dir;
    private Instant now = Instant.now();
    private Spool spool;

    private final Upload a = Upload.of("a", 4000);
    private final Upload b = Upload.of("b", 3000);
    private final Upload c = Upload.of("c", 2000);

    @BeforeEach
    void open() throws IOException {
        dir = temp.resolve("spool");
        spool = open(LIMIT);
    }

    @AfterEach
    void close() {
        spool.close();
    }

    private Spool open(long limit) throws IOException {
        return Spool.open(dir, StoreDir.NIX_STORE, SpoolLimits.of(limit), () -> now);
    }

    private void reopen(SpoolLimits limits) throws IOException {
        spool.close();
        spool = Spool.open(dir, StoreDir.NIX_STORE, limits, () -> now);
    }

    private void reopen(long limit) throws IOException {
        spool.close();
        spool = open(limit);
    }

    private void add(Upload... uploads) throws IOException, InterruptedException {
        for (var upload : uploads) {
            now = now.plusSeconds(1);
            upload.addTo(spool);
        }
    }

    private byte[] read(StorePath path) throws IOException, InterruptedException {
        var bytes = new ByteArrayOutputStream();
        assertThat(spool.narFromPath(path, Verify.HERE, bytes).size()).isEqualTo(bytes.size());
        assertThat(Upload.hash(bytes.toByteArray()))
                .isEqualTo(spool.queryPathInfo(path).orElseThrow().narHash());
        return bytes.toByteArray();
    }

    /// All files but the lock, as `directory/name`.
    private List<String> files() throws IOException {
        try (var all = Files.walk(dir)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> dir.relativize(file).toString())
                    .filter(name -> !name.equals("lock"))
                    .sorted()
                    .toList();
        }
    }

    private Path narFile(Upload upload) {
        var digits = upload.info().narHash().nix32();
        return dir.resolve("nar", digits.substring(0, 2), digits + ".nar");
    }

    private Path infoFile(Upload upload) {
        return dir.resolve("info", upload.path() + ".narinfo");
    }

    @Test
    void lockThatIsALinkIsNotWrittenThrough() throws IOException {
        spool.close();
        var precious = Files.writeString(temp.resolve("precious"), "precious");
        Files.delete(dir.resolve("lock"));
        Files.createSymbolicLink(dir.resolve("lock"), precious);

        assertThatIOException().isThrownBy(() -> open(LIMIT));

        assertThat(precious).hasContent("precious");
        Files.delete(dir.resolve("lock"));
        spool = open(LIMIT);
    }

    @Nested
    class Adding {
        @Test
        void whatWasAddedIsToldAndHandedOut() throws Exception {
            add(a);
            assertThat(spool.queryPathInfo(a.path())).contains(a.info());
            assertThat(spool.queryAllValidPaths()).containsExactly(a.path());
            assertThat(spool.queryValidPaths(List.of(a.path(), b.path()), false))
                    .containsExactly(a.path());
            assertThat(read(a.path())).isEqualTo(a.nar());
            assertThat(spool.status()).isEqualTo(new SpoolStatus(1, 4000, 0, LIMIT));
        }

        @Test
        void whatIsNotThereIsNotKnown() {
            assertThat(spool.queryPathInfo(a.path())).isEmpty();
            assertThatThrownBy(() -> spool.narFromPath(a.path(), Verify.HERE, OutputStream.nullOutputStream()))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining(a.path().baseName());
        }

        @Test
        void everythingThatIsKnownOfAPathComesBackAfterReopening() throws Exception {
            var info = new PathInfo(
                    a.path(),
                    Optional.of(Upload.path("a.drv")),
                    a.info().narHash(),
                    new TreeSet<>(List.of(a.path(), b.path())),
                    Instant.EPOCH,
                    a.info().narSize(),
                    false,
                    new TreeSet<>(List.of("k:AAAA", "l:BBBB")),
                    Optional.empty());
            add(b, a.withInfo(info));
            assertThat(spool.queryPathInfo(a.path())).contains(info);
            reopen(LIMIT);
            assertThat(spool.queryPathInfo(a.path())).contains(info);
            assertThat(spool.queryAllValidPaths()).containsExactlyInAnyOrder(a.path(), b.path());
            assertThat(read(a.path())).isEqualTo(a.nar());
        }

        @Test
        void anUnknownSizeIsFoundOut() throws Exception {
            add(a.withInfo(PathInfo.of(a.path(), a.info().narHash(), 0, List.of())));
            assertThat(spool.queryPathInfo(a.path())).contains(a.info());
        }

        @Test
        void aNarOfUnknownSizeIsRefusedWhereTheRoomEnds() throws Exception {
            var large = Upload.of("large", 12_000);
            add(b);
            assertThatThrownBy(() -> add(large.withInfo(
                            PathInfo.of(large.path(), large.info().narHash(), 0, List.of()))))
                    .isInstanceOf(StoreRefusedException.class);
            assertThat(spool.queryAllValidPaths()).containsExactly(b.path());
            assertThat(files()).hasSize(2);
            add(a, b, c);
            assertThat(spool.queryAllValidPaths()).hasSize(3);
        }

        @Test
        void equalNarsAreKeptOnce() throws Exception {
            add(Upload.of("x", "same", 6000), Upload.of("y", "same", 6000));
            assertThat(spool.status()).isEqualTo(new SpoolStatus(2, 6000, 0, LIMIT));
        }

        @Test
        void aNarThatIsThereUnderAnotherNameTakesNoRoom() throws Exception {
            var twin = Upload.of("twin", "a", 4000);
            add(b, a);
            Upload.add(spool, twin.info(), sink -> {
                assertThat(spool.trim(0).bytes()).as("what is needed stays").isEqualTo(3000);
                assertThat(files()).hasSize(1);
                return twin.source().writeTo(sink);
            });
            assertThat(spool.queryAllValidPaths()).containsExactly(twin.path());
            assertThat(read(twin.path())).isEqualTo(a.nar());
        }

        @Test
        void aNarThatOnlyAFailedUploadStillHeldGoesWithIt() throws Exception {
            var twin = Upload.of("twin", "a", 4000);
            add(a);
            assertThatThrownBy(() -> Upload.add(spool, twin.info(), sink -> {
                        spool.trim(0);
                        throw new EOFException("the client has gone");
                    }))
                    .isInstanceOf(EOFException.class);
            assertThat(files()).isEmpty();
            assertThat(spool.status()).isEqualTo(new SpoolStatus(0, 0, 0, LIMIT));
        }

        @Test
        void whatIsThereAlreadyIsReadAndKept() throws Exception {
            add(a);
            var before = Files.getAttribute(narFile(a), "unix:ino");
            var consumed = new ArrayList<Integer>();
            Upload.add(spool, a.info(), sink -> {
                sink.write(a.nar());
                consumed.add(a.nar().length);
                return a.summary();
            });
            assertThat(consumed).containsExactly(4000);
            assertThat(Files.getAttribute(narFile(a), "unix:ino")).isEqualTo(before);
            assertThat(files()).hasSize(2);
        }

        @Test
        void manyThreadsMayAddTheSame() throws Exception {
            var shared = Upload.of("shared", "a", 4000);
            var tasks = new ArrayList<Callable<Void>>();
            var all = new CountDownLatch(2);
            for (var upload : List.of(a, shared))
                tasks.add(() -> {
                    Upload.add(spool, upload.info(), sink -> {
                        var summary = upload.source().writeTo(sink);
                        all.countDown();
                        assertThat(all.await(10, SECONDS)).isTrue();
                        return summary;
                    });
                    return null;
                });
            runAll(tasks);
            assertThat(spool.status()).isEqualTo(new SpoolStatus(2, 4000, 0, LIMIT));
            assertThat(files()).hasSize(3);
        }
    }

    private static void runAll(List<Callable<Void>> tasks) throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> future : executor.invokeAll(tasks)) future.get();
        }
    }

    @Nested
    class BadUploads {
        private void refuse(PathInfo info, NarSource source, Class<? extends Exception> type, String message)
                throws IOException {
            assertThatThrownBy(() -> Upload.add(spool, info, source))
                    .isInstanceOf(type)
                    .hasMessageContaining(message);
            assertThat(files()).isEmpty();
            assertThat(spool.queryAllValidPaths()).isEmpty();
            assertThat(spool.status()).isEqualTo(new SpoolStatus(0, 0, 0, LIMIT));
        }

        @Test
        void aWrongHashLeavesNothing() throws Exception {
            refuse(
                    PathInfo.of(a.path(), b.info().narHash(), 4000, List.of()),
                    a.source(),
                    ProtocolException.class,
                    "hash");
        }

        @Test
        void aNarThatIsTooLongLeavesNothing() throws Exception {
            refuse(
                    PathInfo.of(a.path(), a.info().narHash(), 3992, List.of()),
                    a.source(),
                    ProtocolException.class,
                    "3992");
        }

        @Test
        void aNarThatIsTooShortLeavesNothing() throws Exception {
            refuse(
                    PathInfo.of(a.path(), a.info().narHash(), 4008, List.of()),
                    a.source(),
                    ProtocolException.class,
                    "4008");
        }

        @Test
        void aSourceThatBreaksOffLeavesNothing() throws Exception {
            NarSource source = sink -> {
                sink.write(a.nar(), 0, 2000);
                throw new EOFException("the client has gone");
            };
            refuse(a.info(), source, EOFException.class, "the client has gone");
        }

        @Test
        void anInterruptedSourceLeavesNothing() throws Exception {
            NarSource source = sink -> {
                sink.write(a.nar(), 0, 2000);
                throw new InterruptedException("stop");
            };
            refuse(a.info(), source, InterruptedException.class, "stop");
        }

        @Test
        void bytesThatAreNoNarLeaveNothing() throws Exception {
            var reader = new WireReader(new ByteArrayInputStream(
                    "not an archive at all, not even a bit of one".getBytes(StandardCharsets.US_ASCII)));
            refuse(a.info(), sink -> NarCopy.copy(reader, sink), ProtocolException.class, "NAR");
        }

        @Test
        void aSourceThatReportsOtherThanItWroteIsNotBelieved() throws Exception {
            NarSource source = sink -> {
                sink.write(a.nar(), 0, 2000);
                return a.summary();
            };
            refuse(a.info(), source, ProtocolException.class, "and 2000 came");
        }

        @Test
        void aSignatureOfSeveralLinesIsRefused() throws Exception {
            var info = new PathInfo(
                    a.path(),
                    Optional.empty(),
                    a.info().narHash(),
                    new TreeSet<>(),
                    Instant.EPOCH,
                    4000,
                    false,
                    new TreeSet<>(Set.of("k:A\nCA: x")),
                    Optional.empty());
            refuse(info, a.source(), ProtocolException.class, "control characters");
        }

        @Test
        void aWrongUploadOfWhatIsThereIsRefusedAndTheOldOneKept() throws Exception {
            add(a);
            assertThatThrownBy(() ->
                            Upload.add(spool, PathInfo.of(a.path(), b.info().narHash(), 0, List.of()), a.source()))
                    .isInstanceOf(ProtocolException.class);
            assertThat(read(a.path())).isEqualTo(a.nar());
        }
    }

    @Nested
    class Room {
        @Test
        void theOneUsedLongestAgoMakesRoom() throws Exception {
            add(a, b, c);
            read(a.path());
            add(Upload.of("d", 3000));
            assertThat(spool.queryAllValidPaths()).containsExactlyInAnyOrder(a.path(), c.path(), Upload.path("d"));
            assertThat(narFile(b)).doesNotExist();
            assertThat(infoFile(b)).doesNotExist();
        }

        @Test
        void roomIsMadeBeforeTheNarArrives() throws Exception {
            add(a, b, c);
            var upload = Upload.of("d", 9000);
            Upload.add(spool, upload.info(), sink -> {
                assertThat(spool.status().bytes()).isZero();
                assertThat(files()).hasSize(1).allMatch(name -> name.startsWith("tmp/"));
                return upload.source().writeTo(sink);
            });
            assertThat(spool.queryAllValidPaths()).containsExactly(upload.path());
        }

        @Test
        void aNarLargerThanTheSpoolIsRefusedAndNothingGoes() throws Exception {
            add(a);
            assertThatThrownBy(() -> add(Upload.of("huge", 10_008)))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("no room for 10008 bytes of " + Upload.path("huge"))
                    .hasMessageContaining("spool.size");
            assertThat(spool.queryAllValidPaths()).containsExactly(a.path());
        }

        @Test
        void aNarIsRefusedWhereAllElseIsPinned() throws Exception {
            add(a, b);
            try (var pin = Upload.pin(spool, List.of(a.path(), b.path()))) {
                assertThat(pin).isNotNull();
                assertThatThrownBy(() -> add(Upload.of("d", 4000)))
                        .isInstanceOf(StoreRefusedException.class)
                        .hasMessageContaining("of its 10000 bytes 7000 are pinned and 0 are being received");
                add(c);
            }
            add(Upload.of("d", 4000));
            assertThat(spool.queryAllValidPaths()).containsExactlyInAnyOrder(b.path(), Upload.path("d"));
        }

        @Test
        void whatIsBeingReceivedTakesRoomToo() throws Exception {
            var large = Upload.of("large", 7000);
            Upload.add(spool, large.info(), sink -> {
                assertThatThrownBy(() -> add(a))
                        .isInstanceOf(StoreRefusedException.class)
                        .hasMessageContaining("7000 are being received");
                add(b);
                return large.source().writeTo(sink);
            });
            assertThat(spool.status().bytes()).isEqualTo(10_000);
        }

        @Test
        void aSharedNarStaysAsLongAsOnePathHasIt() throws Exception {
            var twin = Upload.of("twin", "a", 4000);
            add(a, twin);
            try (var pin = Upload.pin(spool, List.of(twin.path()))) {
                assertThat(pin).isNotNull();
                assertThat(spool.trim(0).bytes()).isZero();
            }
            assertThat(spool.queryAllValidPaths()).containsExactly(twin.path());
            assertThat(read(twin.path())).isEqualTo(a.nar());
            assertThat(spool.trim(0).bytes()).isEqualTo(4000);
            assertThat(files()).isEmpty();
        }

        @Test
        void whatASessionUploadsStaysUntilThatIsClosed() throws Exception {
            try (var session = spool.session("client")) {
                session.addToStore(List.of(a.toAdd()));
                assertThat(spool.trim(0).bytes()).isZero();
            }
            assertThat(spool.trim(0).bytes()).isEqualTo(4000);
        }

        @Test
        void whatIsAskedForAndNotThereTakesNoMemory() throws Exception {
            add(a);
            reopen(new SpoolLimits(LIMIT, 2000, SpoolLimits.WHOLE));
            try (var session = spool.session("client")) {
                for (int i = 0; i < 100; i++) session.keep(List.of(Upload.path("missing" + i)));
                session.keep(List.of(a.path()));
                add(b);
                assertThat(spool.queryAllValidPaths())
                        .as("room for two infos is left")
                        .containsExactlyInAnyOrder(a.path(), b.path());
            }
        }

        @Test
        void aPinThatIsClosedTwiceCountsOnce() throws Exception {
            add(a);
            try (var other = Upload.pin(spool, List.of(a.path()))) {
                assertThat(other).isNotNull();
                AutoCloseable pin = Upload.pin(spool, List.of(a.path()));
                for (int i = 0; i < 2; i++) pin.close();
                assertThat(spool.trim(0).bytes()).isZero();
            }
        }

        @Test
        void aNarThatIsReadWhileItGoesIsReadToItsEnd() throws Exception {
            add(a);
            var bytes = new ByteArrayOutputStream();
            var summary = spool.narFromPath(a.path(), Verify.HERE, new OutputStream() {
                @Override
                public void write(int b) {
                    bytes.write(b);
                }

                @Override
                public void write(byte[] chunk, int offset, int length) {
                    spool.trim(0);
                    bytes.write(chunk, offset, length);
                }
            });
            assertThat(summary.size()).isEqualTo(a.nar().length);
            assertThat(bytes.toByteArray()).isEqualTo(a.nar());
        }

        @Test
        void manyThreadsLeaveFilesAndIndexInStep() throws Exception {
            var tasks = new ArrayList<Callable<Void>>();
            for (int thread = 0; thread < 8; thread++) {
                int offset = thread;
                tasks.add(() -> {
                    for (int i = 0; i < 60; i++) {
                        int which = (i * 7 + offset * 3) % 60;
                        var upload = Upload.of("p" + which, "n" + which / 2, 240 + which / 2 * 8);
                        try (var session = spool.session("client " + offset)) {
                            session.addToStore(List.of(upload.toAdd()));
                            assertThat(read(upload.path())).isEqualTo(upload.nar());
                        }
                    }
                    return null;
                });
            }
            reopen(8000);
            runAll(tasks);
            var status = spool.status();
            assertThat(status.bytes()).isLessThanOrEqualTo(8000);
            assertThat(status.pinnedBytes()).isZero();
            var paths = spool.queryAllValidPaths();
            assertThat(files().stream().filter(name -> name.startsWith("info/")))
                    .hasSameSizeAs(paths);
            for (var path : paths) read(path);
            reopen(8000);
            assertThat(spool.queryAllValidPaths()).isEqualTo(paths);
            assertThat(spool.status()).isEqualTo(status);
        }
    }

    /// Uploads by several clients, each of which has three quarters of 10,000 bytes, or of what may be known of
    /// paths.
    @Nested
    class Shares {
        private final Upload neighbours = Upload.of("neighbours", 1200);

        private static final int SHARE = 75;

        @BeforeEach
        void share() throws IOException {
            reopen(SpoolLimits.of(LIMIT).withShare(SHARE));
        }

        private void add(String client, Upload upload) throws IOException, InterruptedException {
            try (var session = spool.session(client)) {
                session.addToStore(List.of(upload.toAdd()));
            }
        }

        @Test
        void whoHasMoreThanItsShareMakesRoomOfItsOwn() throws Exception {
            add("neighbour", neighbours);
            for (int i = 0; i < 20; i++) add("greedy", Upload.of("p" + i, 2000));
            assertThat(spool.queryAllValidPaths())
                    .as("used longest ago, and yet there")
                    .contains(neighbours.path())
                    .hasSize(5);
        }

        @Test
        void whoHasLessThanItsShareGetsRoomFromWhoHasMore() throws Exception {
            add("neighbour", neighbours);
            for (int i = 0; i < 4; i++) add("greedy", Upload.of("p" + i, 2192));
            add("third", Upload.of("thirds", 2000));
            assertThat(spool.queryAllValidPaths())
                    .contains(neighbours.path(), Upload.path("thirds"))
                    .doesNotContain(Upload.path("p0"));
        }

        @Test
        void whatIsFreeMayBeTakenByAnybody() throws Exception {
            for (int i = 0; i < 5; i++) add("alone", Upload.of("p" + i, 2000));
            assertThat(spool.status().bytes()).isEqualTo(10_000);
        }

        @Test
        void nobodyPinsMoreThanItsShare() throws Exception {
            add("neighbour", a);
            add("neighbour", b);
            add("neighbour", c);
            try (var session = spool.session("greedy")) {
                session.keep(spool.queryAllValidPaths());
                assertThat(spool.status().pinnedBytes()).isBetween(5000L, 7500L);
                add("neighbour", Upload.of("wanted", 2500));
            }
            assertThat(spool.status().pinnedBytes()).isZero();
        }

        @Test
        void uploadsUnderWayTakeNoMoreThanTheirClientsShare() throws Exception {
            var half = Upload.of("half", 7000);
            try (var session = spool.session("greedy")) {
                session.addToStore(List.of(new NarToAdd(half.info(), sink -> {
                    assertThatThrownBy(() -> add("greedy", Upload.of("more", 1000)))
                            .isInstanceOf(StoreRefusedException.class)
                            .hasMessageContaining("of the 7500 that one client gets")
                            .hasMessageContaining("limits.spoolShare");
                    add("neighbour", neighbours);
                    return half.source().writeTo(sink);
                })));
            }
            assertThat(spool.queryAllValidPaths()).containsExactlyInAnyOrder(half.path(), neighbours.path());
        }

        @Test
        void anUploadThatIsAnnouncedAndDoesNotComeTakesLittleRoom() throws Exception {
            long much = 50L << 30;
            reopen(SpoolLimits.of(much).withShare(SHARE));
            add("neighbour", neighbours);
            var huge = PathInfo.of(Upload.path("huge"), b.info().narHash(), 35L << 30, List.of());
            var large = PathInfo.of(Upload.path("large"), a.info().narHash(), 30L << 30, List.of());
            try (var session = spool.session("idle")) {
                assertThatThrownBy(() -> session.addToStore(List.of(new NarToAdd(huge, sink -> {
                            sink.write(new byte[1000]);
                            // Together far more than there is.
                            try (var other = spool.session("other")) {
                                assertThatThrownBy(() -> other.addToStore(List.of(new NarToAdd(large, _ -> {
                                            add("neighbour", Upload.of("small", 120));
                                            throw new EOFException("gone");
                                        }))))
                                        .isInstanceOf(EOFException.class);
                            }
                            throw new EOFException("the client has gone");
                        }))))
                        .hasMessage("the client has gone");
            }
            assertThat(spool.queryAllValidPaths()).containsExactlyInAnyOrder(neighbours.path(), Upload.path("small"));
        }

        @Test
        void whatIsKnownOfPathsIsBoundedAndChargedToTheirClient() throws Exception {
            int memory = 20_000;
            reopen(new SpoolLimits(LIMIT, memory, SHARE));
            add("neighbour", neighbours);
            for (int i = 0; i < 50; i++) add("greedy", withReferences(Upload.of("p" + i, "same", 120), i));
            assertThat(spool.queryAllValidPaths()).contains(neighbours.path()).hasSizeLessThan(20);
            var large = withReferences(Upload.of("large", 120), memory / 200);
            assertThatThrownBy(() -> add("greedy", large))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("its index is full");
            assertThat(spool.queryAllValidPaths()).contains(neighbours.path());
        }

        private static Upload withReferences(Upload upload, int count) {
            var references = new ArrayList<StorePath>();
            for (int i = 0; i < count; i++)
                references.add(Upload.path(upload.path().name() + "-" + i));
            return upload.withInfo(PathInfo.of(
                    upload.path(), upload.info().narHash(), upload.info().narSize(), references));
        }

        @Test
        void aSpoolThatKnowsTooMuchForThisMemoryOpensWithLess() throws Exception {
            for (int i = 0; i < 10; i++) add("client", withReferences(Upload.of("p" + i, 120), 20));
            reopen(new SpoolLimits(LIMIT, 20_000, SHARE));
            assertThat(spool.queryAllValidPaths()).hasSizeBetween(1, 4);
            var kept = spool.queryAllValidPaths();
            reopen(LIMIT);
            assertThat(spool.queryAllValidPaths()).isEqualTo(kept);
            assertThat(files()).hasSize(2 * kept.size());
        }
    }

    private PathInfo signed(Upload upload, String... signatures) {
        return upload.info().withSignatures(new TreeSet<>(List.of(signatures)));
    }

    @Nested
    class Signatures {
        @Test
        void tooLongOrTooManyAreRefused() throws Exception {
            var many = new String[SpoolLimits.MOST_SIGNATURES + 1];
            for (int i = 0; i < many.length; i++) many[i] = "key-" + i + ":AAAA";
            assertThatThrownBy(() -> Upload.add(spool, signed(a, many), a.source()))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("17 signatures are more than 16");
            assertThatThrownBy(() -> Upload.add(spool, signed(a, "k:" + "A".repeat(4 << 20)), a.source()))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("a signature of 4194306 chars is longer than 256");
            assertThat(files()).isEmpty();
        }

        @Test
        void infosThatAnEarlierVersionTookWithFarTooLongOnesDoNotKeepTheSpoolFromOpening() throws Exception {
            add(a, b, c);
            spool.close();
            Files.writeString(infoFile(a), Files.readString(infoFile(a)) + "Sig: k:" + "A".repeat(4 << 20) + "\n");
            try (var sparse = new RandomAccessFile(infoFile(b).toFile(), "rw")) {
                sparse.setLength(4L << 30);
            }
            spool = open(LIMIT);
            assertThat(spool.queryAllValidPaths()).containsExactly(c.path());
            assertThat(infoFile(b)).doesNotExist();
        }
    }

    @Nested
    class Reopening {
        @Test
        void theOrderOfUseIsKept() throws Exception {
            add(a, b, c);
            now = now.plusSeconds(60);
            read(a.path());
            reopen(6000);
            assertThat(spool.queryAllValidPaths()).containsExactlyInAnyOrder(a.path(), c.path());
        }

        @Test
        @Tag("slow")
        void manyPathsAreFoundWithAllThatIsKnownOfThem() throws Exception {
            spool.close();
            int many = 20_000;
            var uploads = new ArrayList<Upload>();
            for (int i = 0; i < many; i++) {
                var upload = Upload.of("p" + i, "n" + i / 2, 128);
                uploads.add(upload);
                write(upload, now.minusSeconds(many - i));
            }
            Files.writeString(infoFile(uploads.get(7)), "StorePath: nonsense\n");
            spool = open(Long.MAX_VALUE);
            uploads.remove(7);
            assertThat(spool.entries())
                    .extracting(SpoolEntry::path)
                    .isEqualTo(uploads.stream().map(Upload::path).toList());
            for (var upload : uploads)
                assertThat(spool.queryPathInfo(upload.path())).contains(upload.info());
        }

        /// Puts a path into the directory, as it lies there while nobody has it open.
        private void write(Upload upload, Instant lastUse) throws IOException {
            Files.createDirectories(narFile(upload).getParent());
            Files.write(narFile(upload), upload.nar());
            Files.writeString(infoFile(upload), new NarInfoFile(upload.info(), 0).print("unused", StoreDir.NIX_STORE));
            Files.setLastModifiedTime(infoFile(upload), FileTime.from(lastUse));
        }

        @Test
        void whatACrashLeftBehindGoes() throws Exception {
            add(a, b, c);
            spool.close();
            Files.writeString(dir.resolve("tmp", "1"), "half");
            Files.delete(narFile(a));
            Files.delete(infoFile(b));
            Files.write(narFile(c), new byte[1999]);
            spool = open(LIMIT);
            assertThat(spool.queryAllValidPaths()).isEmpty();
            assertThat(files()).isEmpty();
        }

        @Test
        void aBadInfoIsSetAside() throws Exception {
            add(a, b);
            spool.close();
            Files.writeString(infoFile(a), "StorePath: nonsense\n");
            spool = open(LIMIT);
            assertThat(spool.queryAllValidPaths()).containsExactly(b.path());
            assertThat(files()).hasSize(3).contains("bad/" + a.path() + ".narinfo");
        }

        @Test
        void anInfoUnderAnotherNameIsBad() throws Exception {
            add(a);
            spool.close();
            Files.move(infoFile(a), infoFile(b));
            spool = open(LIMIT);
            assertThat(spool.queryAllValidPaths()).isEmpty();
            assertThat(files()).containsExactly("bad/" + b.path() + ".narinfo");
        }

        @Test
        void pathsOfAnotherStoreDirectoryAreBad() throws Exception {
            add(a);
            spool.close();
            spool = Spool.open(dir, new StoreDir("/gnu/store"), SpoolLimits.of(LIMIT));
            assertThat(spool.queryAllValidPaths()).isEmpty();
        }

        @Test
        void aSecondSpoolInTheSameDirectoryIsRefused() throws Exception {
            add(a);
            assertThatThrownBy(() -> open(LIMIT))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("pid " + ProcessHandle.current().pid())
                    .hasMessageContaining("spool.path");
            assertThat(read(a.path())).isEqualTo(a.nar());
        }

        @Test
        void theDirectoryIsForItsOwnerOnly() throws Exception {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir)))
                    .isEqualTo("rwx------");
        }

        @Test
        void aDirectoryThatCannotBeUsedIsNamed() throws Exception {
            var file = Files.writeString(temp.resolve("file"), "");
            assertThatThrownBy(() -> Spool.open(file, StoreDir.NIX_STORE, SpoolLimits.of(LIMIT)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("spool.path");
        }

        @Test
        void aClosedSpoolTakesAndGivesNothing() throws Exception {
            add(a);
            spool.close();
            assertThatThrownBy(() -> add(b)).isInstanceOf(IOException.class).hasMessageContaining("closed");
            assertThatThrownBy(() -> read(a.path()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(() -> Upload.add(spool, a.info(), a.source())).hasMessageContaining("closed");
        }
    }

    @Nested
    class Entries {
        @Test
        void areInTheOrderInWhichTheyWouldGo() throws Exception {
            add(a, b, c);
            var twin = Upload.of("twin", "b", 3000);
            try (var pin = Upload.pin(spool, List.of(a.path()))) {
                assertThat(pin).isNotNull();
                add(twin);
                spool.queryPathInfo(b.path());
                assertThat(spool.entries())
                        .extracting(SpoolEntry::path, SpoolEntry::bytes, SpoolEntry::pinned)
                        .containsExactly(
                                tuple(c.path(), 2000L, false),
                                tuple(twin.path(), 3000L, false),
                                tuple(b.path(), 3000L, false),
                                tuple(a.path(), 4000L, true));
                assertThat(spool.trim(7500)).isEqualTo(new Trimmed(List.of(c.path()), 2000));
                assertThat(spool.trim(0)).isEqualTo(new Trimmed(List.of(twin.path(), b.path()), 3000));
            }
        }
    }

    @Nested
    class Damage {
        @Test
        void aNarThatRottedIsFoundAndDropped() throws Exception {
            add(a, Upload.of("twin", "a", 4000), b);
            var rotten = a.nar().clone();
            rotten[2000] ^= 1;
            Files.write(narFile(a), rotten);
            assertThatThrownBy(() -> read(a.path()))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("damaged");
            assertThat(spool.queryAllValidPaths()).containsExactly(b.path());
            assertThat(files()).hasSize(2);
            add(a);
            assertThat(read(a.path())).isEqualTo(a.nar());
        }

        @Test
        void aNarThatSomebodyDeletedIsDropped() throws Exception {
            add(a);
            Files.delete(narFile(a));
            assertThatThrownBy(() -> read(a.path())).isInstanceOf(StoreRefusedException.class);
            assertThat(spool.queryAllValidPaths()).isEmpty();
        }
    }

    @Test
    void aLargeNarPassesInSmallPieces() throws Exception {
        long size = 64L << 20;
        var digest = MessageDigest.getInstance("SHA-256");
        try (var sink = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            NarWriter.writeFile(sink, false, size, zeros());
        }
        var info = PathInfo.of(Upload.path("large"), NarHash.of(digest.digest()), size + Upload.OVERHEAD, List.of());
        reopen(1L << 30);
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        Upload.add(spool, info, sink -> {
            NarWriter.writeFile(sink, false, size, zeros());
            return new NarSummary(info.narHash(), info.narSize());
        });
        var copied = spool.narFromPath(info.path(), Verify.HERE, OutputStream.nullOutputStream());
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(copied).isEqualTo(new NarSummary(info.narHash(), info.narSize()));
        assertThat(allocated).as("bytes allocated for %d", size).isLessThan(4L << 20);
    }

    private static InputStream zeros() {
        return new InputStream() {
            @Override
            public int read() {
                return 0;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                return length;
            }
        };
    }
}
