package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.PathInfo;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.RunningServer;
import dispatcher.protocol.worker.WorkerRequest.Field;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Samples;
import dispatcher.testkit.ScriptedPeer;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// What the server does with clients that ask for more than a builder does, send what they should not, or go.
@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
class WorkerServerTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    private static final NarTree TREE = NarTree.file("some text\n".repeat(20_000));
    private static final PathInfo INFO = FakeStore.info("upload", TREE, Samples.SOURCE.path());

    private static final RealisationId UNKNOWN = RealisationId.parse("sha256:" + "0".repeat(64) + "!out");

    private interface Check {
        void run(RawWorkerClient client, FakeStore store) throws Exception;
    }

    private static void withClient(int minor, Check check) throws Exception {
        var store = Samples.store();
        try (var server = RunningServer.worker(store);
                var client = new RawWorkerClient(server.channel(), minor)) {
            check.run(client, store);
            client.requireAlive();
        }
    }

    private static Stream<DynamicTest> with(int[] minors, Check check) {
        return IntStream.of(minors).mapToObj(minor -> dynamicTest("1." + minor, () -> withClient(minor, check)));
    }

    @Nested
    class Handshake {
        @Test
        void clientOlderThan21IsToldSo() throws Exception {
            try (var server = RunningServer.worker(Samples.store())) {
                var channel = server.channel();
                var peer = new ScriptedPeer(channel.in(), channel.out());
                peer.send(out -> out.writeLong(RawWorkerClient.CLIENT_MAGIC)
                                .writeLong(0x114)
                                .writeLong(0)
                                .writeLong(0))
                        .expect(out -> out.writeLong(RawWorkerClient.SERVER_MAGIC)
                                .writeLong(0x126)
                                .writeLong(0x63787470)
                                .writeText("this dispatcher speaks the worker protocol from 1.21 on (Nix 2.3),"
                                        + " this client speaks 1.20")
                                .writeLong(1))
                        .expectEnd();
                assertThat(server.awaitEnd().orElseThrow()).isInstanceOf(ProtocolException.class);
            }
        }

        @TestFactory
        Stream<DynamicTest> otherMajorIsSentAway() {
            return Stream.of(0x022L, 0x201L, 0x0001_0000_0000_0126L, 0xffff_ffff_ffff_ff26L, -1L, 0L)
                    .map(version -> dynamicTest("0x%x".formatted(version), () -> {
                        try (var server = RunningServer.worker(Samples.store())) {
                            var channel = server.channel();
                            new ScriptedPeer(channel.in(), channel.out())
                                    .send(out -> out.writeLong(RawWorkerClient.CLIENT_MAGIC)
                                            .writeLong(version))
                                    .expect(out -> out.writeLong(RawWorkerClient.SERVER_MAGIC)
                                            .writeLong(0x126))
                                    .expectEnd();
                            assertThat(server.awaitEnd().orElseThrow())
                                    .isInstanceOf(ProtocolException.class)
                                    .hasMessageStartingWith("this dispatcher speaks the worker protocol 1.38, this");
                        }
                    }));
        }

        /// Nix up to 2.3 may send the number of a processor to stay on.
        @Test
        void affinityIsReadAndForgotten() throws Exception {
            try (var server = RunningServer.worker(Samples.store())) {
                var channel = server.channel();
                new ScriptedPeer(channel.in(), channel.out())
                        .send(out -> out.writeLong(RawWorkerClient.CLIENT_MAGIC)
                                .writeLong(0x115)
                                .writeLong(1)
                                .writeLong(3)
                                .writeLong(1))
                        .expect(out -> out.writeLong(RawWorkerClient.SERVER_MAGIC)
                                .writeLong(0x126)
                                .writeLong(0x616c7473));
            }
        }

        /// Clients up to 2.23 wait for the server's greeting before they say their version.
        @Test
        void clientMayWaitForTheGreeting() throws Exception {
            try (var server = RunningServer.worker(Samples.store())) {
                var channel = server.channel();
                new ScriptedPeer(channel.in(), channel.out())
                        .send(out -> out.writeLong(RawWorkerClient.CLIENT_MAGIC))
                        .expect(out ->
                                out.writeLong(RawWorkerClient.SERVER_MAGIC).writeLong(0x126))
                        .send(out -> out.writeLong(0x122))
                        .send(out -> out.writeLong(0).writeLong(0))
                        .expect(out ->
                                out.writeText(RunningServer.PROGRAM_VERSION).writeLong(0x616c7473));
            }
        }

        @Test
        void newerClientGetsOurVersionAndFeatures() throws Exception {
            try (var server = RunningServer.worker(Samples.store())) {
                var channel = server.channel();
                new ScriptedPeer(channel.in(), channel.out())
                        .send(out -> out.writeLong(RawWorkerClient.CLIENT_MAGIC)
                                .writeLong(0x127)
                                .writeTexts(List.of("delete-dead-specific-referrers", "realisation-with-path-not-hash"))
                                .writeLong(0)
                                .writeLong(0))
                        .expect(out -> out.writeLong(RawWorkerClient.SERVER_MAGIC)
                                .writeLong(0x126)
                                .writeTexts(List.of("addTempRoots", "queryPathInfos", "realisation-with-path-not-hash"))
                                .writeText(RunningServer.PROGRAM_VERSION)
                                .writeLong(1)
                                .writeLong(0x616c7473));
            }
        }

        @Test
        void otherMagicIsSentAwayWithoutAWord() throws Exception {
            try (var server = RunningServer.worker(Samples.store())) {
                var channel = server.channel();
                new ScriptedPeer(channel.in(), channel.out())
                        .send(out -> out.writeLong(0x390c9deb).writeLong(0x207))
                        .expectEnd();
                assertThat(server.awaitEnd().orElseThrow())
                        .isInstanceOf(ProtocolException.class)
                        .hasMessage("a client began with 0x390c9deb, not with the worker protocol's 0x6e697863");
            }
        }
    }

    @Nested
    class Refusals {
        private static final Field.Text PATH = new Field.Text(ByteString.of(DIR.print(Samples.LIBRARY.path())));
        private static final Field.Text TEXT = new Field.Text(ByteString.of("some text"));
        private static final Field.Texts TEXTS = new Field.Texts(List.of(PATH.value(), TEXT.value()));
        private static final Field.Int NUMBER = new Field.Int(2);

        /// Fields of each operation that is refused, after section 3.3 of the protocol's description: not after
        /// the codec, which they test.
        private static List<Field> fields(WorkerOperation operation, int minor) {
            return switch (operation) {
                case HAS_SUBSTITUTES,
                        QUERY_PATH_HASH,
                        QUERY_REFERENCES,
                        QUERY_REFERRERS,
                        ADD_INDIRECT_ROOT,
                        QUERY_DERIVER,
                        QUERY_SUBSTITUTABLE_PATH_INFO,
                        QUERY_DERIVATION_OUTPUTS,
                        QUERY_DERIVATION_OUTPUT_NAMES,
                        QUERY_VALID_DERIVERS,
                        QUERY_DERIVATION_OUTPUT_MAP,
                        ADD_BUILD_LOG -> List.of(PATH);
                case ADD_TO_STORE ->
                    minor >= 25
                            ? List.of(TEXT, TEXT, TEXTS, NUMBER)
                            : List.of(TEXT, NUMBER, NUMBER, new Field.Text(ByteString.of("sha256")));
                case ADD_TEXT_TO_STORE -> List.of(TEXT, TEXT, TEXTS);
                case BUILD_PATHS, BUILD_PATHS_WITH_RESULTS ->
                    List.of(new Field.Texts(List.of(ByteString.of(DIR.print(Samples.DRV) + "!out"))), NUMBER);
                case FIND_ROOTS, OPTIMISE_STORE, QUERY_ACTIVE_BUILDS -> List.of();
                case EXPORT_PATH -> List.of(PATH, NUMBER);
                case COLLECT_GARBAGE -> List.of(NUMBER, TEXTS, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER);
                case VERIFY_STORE -> List.of(NUMBER, NUMBER);
                case ADD_SIGNATURES -> List.of(PATH, TEXTS);
                case ADD_PERM_ROOT -> List.of(PATH, TEXT);
                case IS_VALID_PATH,
                        ENSURE_PATH,
                        ADD_TEMP_ROOT,
                        SYNC_WITH_GC,
                        SET_OPTIONS,
                        QUERY_ALL_VALID_PATHS,
                        QUERY_PATH_INFO,
                        QUERY_PATH_FROM_HASH_PART,
                        QUERY_SUBSTITUTABLE_PATH_INFOS,
                        QUERY_VALID_PATHS,
                        QUERY_SUBSTITUTABLE_PATHS,
                        BUILD_DERIVATION,
                        NAR_FROM_PATH,
                        ADD_TO_STORE_NAR,
                        QUERY_MISSING,
                        QUERY_REALISATION,
                        REGISTER_DRV_OUTPUT,
                        ADD_TEMP_ROOTS,
                        QUERY_PATH_INFOS,
                        ADD_MULTIPLE_TO_STORE -> throw new AssertionError(operation + " is not refused");
            };
        }

        private static final EnumSet<WorkerOperation> REFUSED = EnumSet.complementOf(EnumSet.of(
                WorkerOperation.IS_VALID_PATH,
                WorkerOperation.ENSURE_PATH,
                WorkerOperation.ADD_TEMP_ROOT,
                WorkerOperation.SYNC_WITH_GC,
                WorkerOperation.SET_OPTIONS,
                WorkerOperation.QUERY_ALL_VALID_PATHS,
                WorkerOperation.QUERY_PATH_INFO,
                WorkerOperation.QUERY_PATH_FROM_HASH_PART,
                WorkerOperation.QUERY_SUBSTITUTABLE_PATH_INFOS,
                WorkerOperation.QUERY_VALID_PATHS,
                WorkerOperation.QUERY_SUBSTITUTABLE_PATHS,
                WorkerOperation.BUILD_DERIVATION,
                WorkerOperation.NAR_FROM_PATH,
                WorkerOperation.ADD_TO_STORE_NAR,
                WorkerOperation.QUERY_MISSING,
                WorkerOperation.QUERY_REALISATION,
                WorkerOperation.REGISTER_DRV_OUTPUT,
                WorkerOperation.ADD_TEMP_ROOTS,
                WorkerOperation.QUERY_PATH_INFOS,
                WorkerOperation.ADD_MULTIPLE_TO_STORE));

        @TestFactory
        Stream<DynamicTest> operationIsReadWholeAndRefusedByName() {
            return IntStream.of(21, 25, 30, 31, 34, 38)
                    .boxed()
                    .flatMap(minor -> REFUSED.stream()
                            .map(operation -> dynamicTest(
                                    "%s in 1.%d".formatted(operation.nixName(), minor),
                                    () -> withClient(minor, (client, _) -> refuse(client, operation, minor)))));
        }

        private static void refuse(RawWorkerClient client, WorkerOperation operation, int minor) throws IOException {
            client.send(new WorkerRequest.Other(operation, fields(operation, minor)));
            if (operation == WorkerOperation.ADD_BUILD_LOG
                    || (operation == WorkerOperation.ADD_TO_STORE && minor >= 25))
                client.sendFramed("a payload".repeat(30_000).getBytes(StandardCharsets.UTF_8));
            else if (operation == WorkerOperation.ADD_TO_STORE) {
                var nar = TREE.toNar();
                client.out.writeRaw(nar, 0, nar.length).flush();
            }
            assertThat(client.readError())
                    .isEqualTo(operation.nixName()
                            + " is not done by a build dispatcher:"
                            + " it takes inputs, builds single derivations and hands out results");
        }

        /// What such an operation asks for is not known, so nothing after its number can be understood.
        @TestFactory
        Stream<DynamicTest> unknownOperationEndsTheConversation() {
            return Stream.of(0L, 2L, 24L, 27L, 51L, 1000L, 1001L, 0x1_0000_0001L, -1L)
                    .map(number -> dynamicTest(Long.toUnsignedString(number), () -> {
                        try (var server = RunningServer.worker(Samples.store());
                                var client = new RawWorkerClient(server.channel(), 38)) {
                            client.out.writeLong(number).flush();
                            assertThat(client.readError())
                                    .isEqualTo("operation %s is none of the worker protocol 1.38"
                                            .formatted(Long.toUnsignedString(number)));
                            client.requireEnd();
                            assertThat(server.awaitEnd().orElseThrow()).isInstanceOf(ProtocolException.class);
                        }
                    }));
        }

        private interface Wrong {
            void write(WireWriter out) throws IOException;
        }

        private static DynamicTest wrong(String what, Wrong request, String message) {
            return dynamicTest(what, () -> {
                try (var server = RunningServer.worker(Samples.store());
                        var client = new RawWorkerClient(server.channel(), 38)) {
                    request.write(client.out);
                    client.out.flush();
                    assertThat(client.readError()).isEqualTo(message);
                    client.requireEnd();
                    assertThat(server.awaitEnd().orElseThrow()).isInstanceOf(ProtocolException.class);
                }
            });
        }

        @TestFactory
        Stream<DynamicTest> requestThatCannotBeUnderstoodIsToldAndEndsTheConversation() {
            var path = DIR.print(Samples.SOURCE.path());
            return Stream.of(
                    wrong(
                            "another store's path",
                            out -> out.writeLong(1).writeText("/gnu" + path.substring(4)),
                            "IsValidPath: path: '/gnu%s' is not a path of the store /nix/store: it lies elsewhere"
                                    .formatted(path.substring(4))),
                    wrong(
                            "padding that is not zero",
                            out -> out.writeLong(29)
                                    .writeLong(5)
                                    .writeRaw(new byte[] {'a', 'a', 'a', 'a', 'a', 0, 0, 1}, 0, 8),
                            "QueryPathFromHashPart: padding after hash part is not zero"),
                    wrong(
                            "a giant string",
                            out -> out.writeLong(29).writeLong(Long.MAX_VALUE),
                            "QueryPathFromHashPart: hash part of 9223372036854775807 bytes is over the limit of 67108864; the setting limits.requestSize of the dispatcher says how large a request may be"),
                    wrong(
                            "a giant set",
                            out -> out.writeLong(31).writeLong(-1),
                            "QueryValidPaths: paths of 18446744073709551615 elements is over the limit of 1000000; the setting limits.requestSize of the dispatcher says how large a request may be"),
                    wrong(
                            "a derivation without outputs",
                            out -> out.writeLong(36)
                                    .writeText(DIR.print(Samples.DRV))
                                    .writeLong(0),
                            "BuildDerivation: a derivation without outputs cannot be built"));
        }
    }

    @Nested
    class Queries {
        @TestFactory
        Stream<DynamicTest> validityOfOnePath() {
            return with(new int[] {21, 38}, (client, _) -> {
                client.send(new WorkerRequest.IsValidPath(FakeStore.path("missing")))
                        .requireLast();
                assertThat(client.in.readBool()).isFalse();
            });
        }

        @TestFactory
        Stream<DynamicTest> nothingIsEverSubstitutable() {
            return with(new int[] {21, 22, 38}, (client, _) -> {
                client.send(new WorkerRequest.QuerySubstitutablePaths(
                                new TreeSet<>(List.of(FakeStore.path("missing")))))
                        .requireLast();
                assertThat(client.in.readStorePaths(DIR, "paths")).isEmpty();
                var asked = new TreeMap<StorePath, Optional<ContentAddress>>();
                asked.put(FakeStore.path("missing"), Optional.empty());
                client.send(new WorkerRequest.QuerySubstitutablePathInfos(asked))
                        .requireLast();
                assertThat(client.in.readLong()).isZero();
            });
        }

        @TestFactory
        Stream<DynamicTest> nothingIsMissing() {
            return with(new int[] {21, 30, 38}, (client, _) -> {
                client.send(new WorkerRequest.QueryMissing(List.of(
                                new DerivedPath.Opaque(Samples.SOURCE.path()),
                                new DerivedPath.Built(Samples.DRV, new TreeSet<>(List.of("out"))))))
                        .requireLast();
                for (int i = 0; i < 5; i++) assertThat(client.in.readLong()).isZero();
            });
        }

        private static byte[] noPaths() throws IOException {
            return ScriptedPeer.bytes(out -> out.writeLong(0));
        }

        /// A client that heard that a path is valid goes, and machines may have to fetch the path before that:
        /// `nix copy --substitute-on-destination`.
        @Test
        void clientThatCopiesHearsWhatCouldNotBeFetched() throws Exception {
            withClient(38, (client, store) -> {
                client.send(new WorkerRequest.AddMultipleToStore(false, false))
                        .sendFramed(noPaths())
                        .requireLast();
                assertThat(store.journal()).containsExactly("fetchPromised");

                var path = FakeStore.path("cached");
                store.promising(path).refusing(path, "the cache is away");
                client.send(new WorkerRequest.AddMultipleToStore(false, false)).sendFramed(noPaths());
                assertThat(client.readError()).isEqualTo("the cache is away");
            });
        }

        @Test
        void nothingIsFetchedForAClientThatIsAboutToBuild() throws Exception {
            withClient(38, (client, store) -> {
                client.send(new WorkerRequest.AddMultipleToStore(false, true))
                        .sendFramed(noPaths())
                        .requireLast();
                assertThat(store.journal()).isEmpty();
            });
        }

        private static void withAllFeatures(Check check) throws Exception {
            var store = Samples.store();
            try (var server = RunningServer.worker(store);
                    var client = new RawWorkerClient(server.channel(), 38, EnumSet.allOf(WorkerFeature.class))) {
                check.run(client, store);
                client.requireAlive();
            }
        }

        /// Determinate Nix, which adds no roots one by one any more.
        @Test
        void manyTemporaryRootsAreKeptByOneRequest() throws Exception {
            withAllFeatures((client, store) -> {
                var paths = new TreeSet<>(List.of(Samples.SOURCE.path(), Samples.LIBRARY.path()));
                client.send(new WorkerRequest.AddTempRoots(paths)).requireLast();
                assertThat(client.in.readLong()).isOne();
                assertThat(store.journal()).containsExactly("queryValidPaths %s false".formatted(paths));
            });
        }

        @Test
        void manyPathInfosAreToldByOneRequestAndThoseThatAreNotThereAreLeftOut() throws Exception {
            withAllFeatures((client, _) -> {
                client.send(new WorkerRequest.QueryPathInfos(
                                new TreeSet<>(List.of(Samples.SOURCE.path(), FakeStore.path("absent")))))
                        .requireLast();
                assertThat(client.in.readLong()).isOne();
                assertThat(client.codec.readKeyedPathInfo(client.in)).isEqualTo(Samples.SOURCE);
            });
        }

        @TestFactory
        Stream<DynamicTest> realisationsAreNotKnown() {
            return with(new int[] {30, 31, 38}, (client, _) -> {
                client.send(new WorkerRequest.QueryRealisation(UNKNOWN)).requireLast();
                assertThat(client.in.readLong()).isZero();
            });
        }

        @Test
        void pathIsFoundByItsHashPart() throws Exception {
            withClient(38, (client, _) -> {
                client.send(new WorkerRequest.QueryPathFromHashPart(
                                Samples.LIBRARY.path().hashPart()))
                        .requireLast();
                assertThat(client.in.readOptionalStorePath(DIR, "path")).contains(Samples.LIBRARY.path());
                client.send(new WorkerRequest.QueryPathFromHashPart("0".repeat(32)))
                        .requireLast();
                assertThat(client.in.readOptionalStorePath(DIR, "path")).isEmpty();
            });
        }

        @Test
        void pathThatIsHereNeedsNoEnsuring() throws Exception {
            withClient(38, (client, _) -> {
                client.send(new WorkerRequest.EnsurePath(Samples.LIBRARY.path()))
                        .requireLast();
                assertThat(client.in.readLong()).isOne();
                client.send(new WorkerRequest.EnsurePath(FakeStore.path("missing")));
                assertThat(client.readError())
                        .isEqualTo("path '%s' is not here, and a build dispatcher fetches none by itself: copy it here"
                                        .formatted(DIR.print(FakeStore.path("missing")))
                                + " first");
            });
        }

        /// What `nix copy --from` asks first, of paths that are no derivations.
        @Test
        void pathsThatAreHereCountAsBuilt() throws Exception {
            withClient(38, (client, _) -> {
                var library = new DerivedPath.Opaque(Samples.LIBRARY.path());
                client.send(buildPaths(WorkerOperation.BUILD_PATHS, library)).requireLast();
                assertThat(client.in.readLong()).isOne();

                client.send(buildPaths(WorkerOperation.BUILD_PATHS_WITH_RESULTS, library))
                        .requireLast();
                assertThat(client.in.readLong()).isOne();
                assertThat(client.codec.readDerivedPath(client.in)).isEqualTo(library);
                assertThat(client.codec.readBuildResult(client.in, Samples.DRV).status())
                        .isEqualTo(BuildStatus.ALREADY_VALID);

                client.send(buildPaths(
                        WorkerOperation.BUILD_PATHS_WITH_RESULTS,
                        library,
                        new DerivedPath.Opaque(FakeStore.path("missing"))));
                assertThat(client.readError()).contains(DIR.print(FakeStore.path("missing")) + "' is not here");
            });
        }

        private static WorkerRequest buildPaths(WorkerOperation operation, DerivedPath... paths) {
            return new WorkerRequest.BuildPaths(operation, List.of(paths), BuildOptions.BuildMode.NORMAL);
        }

        @Test
        void syncWithGcDoesNothing() throws Exception {
            withClient(21, (client, _) -> {
                client.send(new WorkerRequest.SyncWithGc()).requireLast();
                assertThat(client.in.readLong()).isOne();
            });
        }

        @Test
        void narThatBreaksOffEndsTheConversation() throws Exception {
            var store = Samples.store().breakingNar(Samples.LIBRARY.path(), 1000);
            try (var server = RunningServer.worker(store);
                    var client = new RawWorkerClient(server.channel(), 38)) {
                client.send(new WorkerRequest.NarFromPath(Samples.LIBRARY.path()));
                assertThat(server.awaitEnd().orElseThrow())
                        .hasMessage("the reply broke off: the disk of the fake store is broken");
            }
        }
    }

    @Nested
    class Uploads {
        /// All the ways that an upload has come in. Pulled, one path in frames, many paths in frames.
        private static final int[] WAYS = {21, 23, 32};

        private static byte[] bytes(PathInfo info, byte[] nar, int minor) {
            if (minor < 32) return nar;
            return ScriptedPeer.bytes(out -> {
                out.writeLong(1).writeStorePath(DIR, info.path());
                new WorkerCodec(DIR, WorkerCodec.BULK).writePathInfo(out, info);
                out.writeRaw(nar, 0, nar.length);
            });
        }

        /// Uploads `payload`, and reads the LAST or the ERROR.
        private static WorkerMessage upload(RawWorkerClient client, PathInfo info, byte[] payload) throws IOException {
            int minor = client.codec.version().minor();
            client.send(
                    minor < 32
                            ? new WorkerRequest.AddToStoreNar(info, false, true)
                            : new WorkerRequest.AddMultipleToStore(false, true));
            if (minor < 23) return client.letPull(payload, 5000);
            return client.sendFramed(payload).messages.read(client.in);
        }

        private static Stream<DynamicTest> refused(PathInfo info, byte[] nar, String message) {
            return with(WAYS, (client, store) -> {
                var bytes = bytes(info, nar, client.codec.version().minor());
                assertThat(upload(client, info, bytes))
                        .isInstanceOfSatisfying(
                                WorkerMessage.Failure.class,
                                failure -> assertThat(failure.message()).isEqualTo(message));
                assertThat(store.paths()).doesNotContain(info.path());
            });
        }

        private static PathInfo announcing(NarTree tree, long size) {
            return PathInfo.of(INFO.path(), tree.narHash(), size, INFO.references());
        }

        @TestFactory
        Stream<DynamicTest> goodOneIsTaken() {
            return with(WAYS, (client, store) -> {
                var bytes = bytes(INFO, TREE.toNar(), client.codec.version().minor());
                assertThat(upload(client, INFO, bytes)).isEqualTo(new WorkerMessage.Last());
                assertThat(store.info(INFO.path())).isEqualTo(INFO);
                assertThat(store.tree(INFO.path())).isEqualTo(TREE);
            });
        }

        @TestFactory
        Stream<DynamicTest> sizeMayBeUnknown() {
            return with(WAYS, (client, store) -> {
                var info = announcing(TREE, 0);
                var bytes = bytes(info, TREE.toNar(), client.codec.version().minor());
                assertThat(upload(client, info, bytes)).isEqualTo(new WorkerMessage.Last());
                assertThat(store.tree(INFO.path())).isEqualTo(TREE);
            });
        }

        @TestFactory
        Stream<DynamicTest> wrongHashIsRefused() {
            var info = announcing(NarTree.file("other"), INFO.narSize());
            return refused(
                    info,
                    TREE.toNar(),
                    "upload refused: the NAR of %s from the client has the hash %s, its path info says %s"
                            .formatted(info.path(), TREE.narHash(), info.narHash()));
        }

        @TestFactory
        Stream<DynamicTest> smallerNarThanAnnouncedIsRefused() {
            return refused(
                    announcing(TREE, INFO.narSize() + 8),
                    TREE.toNar(),
                    "upload refused: the NAR of %s from the client has %d bytes, its path info says %d"
                            .formatted(INFO.path(), INFO.narSize(), INFO.narSize() + 8));
        }

        @TestFactory
        Stream<DynamicTest> largerNarThanAnnouncedIsRefused() {
            return refused(
                    announcing(TREE, 1000),
                    TREE.toNar(),
                    "upload refused: the NAR is larger than the 1000 bytes it should have");
        }

        @TestFactory
        Stream<DynamicTest> whatIsNoNarIsRefused() {
            var nar = TREE.toNar();
            nar[nar.length / 2 & -8] = 0;
            nar[40] = 'x';
            return with(WAYS, (client, store) -> {
                var bytes = bytes(INFO, nar, client.codec.version().minor());
                assertThat(upload(client, INFO, bytes))
                        .isInstanceOfSatisfying(
                                WorkerMessage.Failure.class,
                                failure -> assertThat(failure.message())
                                        .startsWith("upload refused: what was received is "));
                assertThat(store.paths()).doesNotContain(INFO.path());
            });
        }

        @TestFactory
        Stream<DynamicTest> narThatEndsEarlyIsRefused() {
            var nar = TREE.toNar();
            return refused(
                    INFO,
                    Arrays.copyOf(nar, nar.length - 8),
                    "upload refused: the stream ended after %d bytes, inside a NAR".formatted(nar.length - 8));
        }

        @TestFactory
        Stream<DynamicTest> bytesAfterTheEndAreRefused() {
            return with(WAYS, (client, _) -> {
                var nar = TREE.toNar();
                int minor = client.codec.version().minor();
                // A client that is pulled is not asked for more, so only what came with the last chunk is seen.
                assertThat(upload(client, INFO, bytes(INFO, Arrays.copyOf(nar, nar.length + 100_000), minor)))
                        .isEqualTo(new WorkerMessage.Failure("upload refused: there is more after its end", 1));
            });
        }

        @Test
        void severalPathsUpToTheOneAtFaultAreTaken() throws Exception {
            withClient(38, (client, store) -> {
                var bytes = ScriptedPeer.bytes(out -> {
                    var bulk = new WorkerCodec(DIR, WorkerCodec.BULK);
                    out.writeLong(3);
                    for (int i = 0; i < 3; i++) {
                        var tree = NarTree.file("contents " + i);
                        var info = FakeStore.info("path-" + i, tree);
                        out.writeStorePath(DIR, info.path());
                        bulk.writePathInfo(out, info);
                        var nar = (i == 1 ? NarTree.file("contentS 1") : tree).toNar();
                        out.writeRaw(nar, 0, nar.length);
                    }
                });
                assertThat(upload(client, INFO, bytes)).isInstanceOf(WorkerMessage.Failure.class);
                assertThat(store.paths()).contains(FakeStore.path("path-0")).doesNotContain(FakeStore.path("path-1"));
            });
        }

        @Test
        void noPathsAtAllAreTaken() throws Exception {
            withClient(38, (client, _) -> {
                var bytes = ScriptedPeer.bytes(out -> out.writeLong(0));
                assertThat(upload(client, INFO, bytes)).isEqualTo(new WorkerMessage.Last());
            });
        }

        @Test
        void missingCountIsRefused() throws Exception {
            withClient(
                    38,
                    (client, _) -> assertThat(upload(client, INFO, new byte[3]))
                            .isEqualTo(new WorkerMessage.Failure(
                                    "upload refused: the peer closed the connection in the middle of a message", 1)));
        }

        /// Newer clients end themselves when they hear LAST before they have sent all.
        @TestFactory
        Stream<DynamicTest> lastNeverComesBeforeTheEndOfTheFrames() {
            return IntStream.of(23, 38)
                    .mapToObj(minor -> dynamicTest("1." + minor, () -> {
                        var store = Samples.store();
                        try (var server = RunningServer.worker(store);
                                var client = new RawWorkerClient(server.channel(), minor)) {
                            client.send(
                                    minor < 32
                                            ? new WorkerRequest.AddToStoreNar(INFO, false, true)
                                            : new WorkerRequest.AddMultipleToStore(false, true));
                            var payload = bytes(INFO, TREE.toNar(), minor);
                            client.out
                                    .writeLong(payload.length)
                                    .writeRaw(payload, 0, payload.length)
                                    .flush();
                            server.awaitIdle();
                            assertThat(store.paths()).contains(INFO.path());
                            assertThat(client.channel.in().available()).isZero();
                            client.out.writeLong(0).flush();
                            client.requireLast();
                            client.requireAlive();
                        }
                    }));
        }

        /// The client has much more to send; a thread of it listens meanwhile.
        @TestFactory
        Stream<DynamicTest> errorComesBeforeTheEndOfTheFrames() {
            return with(new int[] {23, 38}, (client, store) -> {
                store.refusing(INFO.path(), "the disk is full");
                int minor = client.codec.version().minor();
                client.send(
                        minor < 32
                                ? new WorkerRequest.AddToStoreNar(INFO, false, true)
                                : new WorkerRequest.AddMultipleToStore(false, true));
                var beginning = bytes(INFO, new byte[0], minor);
                client.out
                        .writeLong(beginning.length + 8)
                        .writeRaw(beginning, 0, beginning.length)
                        .writeLong(13)
                        .flush();
                assertThat(client.readError()).isEqualTo("the disk is full");
                client.sendFramed(new byte[300_000]);
            });
        }

        @Test
        void frameLongerThanCanBeEndsTheConversation() throws Exception {
            try (var server = RunningServer.worker(Samples.store());
                    var client = new RawWorkerClient(server.channel(), 38)) {
                client.send(new WorkerRequest.AddMultipleToStore(false, true));
                client.out.writeLong(1L << 32).flush();
                assertThat(client.readError()).isEqualTo("frame of 4294967296 bytes is longer than a frame can be");
                client.requireEnd();
                assertThat(server.awaitEnd().orElseThrow()).isInstanceOf(ProtocolException.class);
            }
        }

        @TestFactory
        Stream<DynamicTest> clientThatGoesDuringAnUploadLeavesNothing() {
            return IntStream.of(WAYS)
                    .mapToObj(minor -> dynamicTest("1." + minor, () -> {
                        var store = Samples.store();
                        try (var server = RunningServer.worker(store);
                                var client = new RawWorkerClient(server.channel(), minor)) {
                            client.send(
                                    minor < 32
                                            ? new WorkerRequest.AddToStoreNar(INFO, false, true)
                                            : new WorkerRequest.AddMultipleToStore(false, true));
                            var payload = bytes(INFO, TREE.toNar(), minor);
                            client.out
                                    .writeLong(payload.length)
                                    .writeRaw(payload, 0, 50_000)
                                    .flush();
                            server.hangUp();
                            assertThat(server.awaitEnd().orElseThrow())
                                    .satisfiesAnyOf(
                                            e -> assertThat(e).isInstanceOf(EOFException.class),
                                            // The server may be about to ask for more, which nobody hears.
                                            e -> assertThat(e).hasMessage("the pipe is closed"),
                                            e -> assertThat(e).hasMessageContaining("over the limit of 65536"),
                                            e -> assertThat(e).hasMessage("broken pipe"));
                            assertThat(store.paths()).doesNotContain(INFO.path());
                        }
                    }));
        }
    }

    @Nested
    class Builds {
        private static WorkerRequest.BuildDerivation request() {
            return new WorkerRequest.BuildDerivation(Samples.DRV, Samples.DERIVATION, BuildMode.NORMAL);
        }

        /// Clients keep all activities in one table, theirs and ours, and end themselves on a result for one
        /// that is not there.
        @Test
        void resultsBelongToAnActivityThatIsGoingOn() throws Exception {
            var ids = new HashSet<Long>();
            for (int run = 0; run < 3; run++)
                withClient(38, (client, store) -> {
                    store.building((_, _, _, log) -> {
                        log.phase("unpackPhase");
                        log.assigned("arm-3", "it is idle");
                        log.line(ByteString.of("one"));
                        log.assigned("arm-4", "arm-3 was lost");
                        log.phase("buildPhase");
                        log.line(ByteString.of("two"));
                        return Samples.BUILT;
                    });
                    var messages = client.send(request()).readMessages();
                    client.codec.readBuildResult(client.in, Samples.DRV);
                    var running = new HashSet<Long>();
                    int results = 0;
                    for (var message : messages)
                        switch (message) {
                            case WorkerMessage.StartActivity start -> {
                                assertThat(start.id() >>> 32).isBetween(1L << 22, (long) Integer.MAX_VALUE);
                                assertThat(start.type()).isEqualTo(105);
                                assertThat(start.level()).isEqualTo(3);
                                assertThat(start.fields()).hasSize(4);
                                assertThat(ids.add(start.id())).isTrue();
                                running.add(start.id());
                            }
                            case WorkerMessage.StopActivity stop ->
                                assertThat(running.remove(stop.id())).isTrue();
                            case WorkerMessage.Result result -> {
                                assertThat(running).contains(result.id());
                                results++;
                            }
                            case WorkerMessage.Next _, WorkerMessage.Last _ -> {}
                            case WorkerMessage.Failure _, WorkerMessage.Read _, WorkerMessage.Write _ ->
                                throw new AssertionError(message);
                        }
                    assertThat(results).isEqualTo(4);
                    assertThat(running).isEmpty();
                });
            assertThat(ids).hasSize(9);
            assertThat(ids.stream().map(id -> id >>> 32).distinct()).hasSize(3);
        }

        @Test
        void machineIsNamedInTheActivity() throws Exception {
            withClient(38, (client, store) -> {
                store.building((_, _, _, log) -> {
                    log.assigned("arm-3", "it is idle");
                    return Samples.BUILT;
                });
                assertThat(client.send(request()).readMessages().getFirst())
                        .isInstanceOfSatisfying(WorkerMessage.StartActivity.class, start -> {
                            assertThat(start.text())
                                    .hasToString("building '%s' on 'arm-3'".formatted(DIR.print(Samples.DRV)));
                            assertThat(start.fields())
                                    .containsExactly(
                                            text(DIR.print(Samples.DRV)),
                                            text("arm-3"),
                                            new WorkerMessage.Field.Int(1),
                                            new WorkerMessage.Field.Int(1));
                        });
                client.codec.readBuildResult(client.in, Samples.DRV);
            });
        }

        @Test
        void inputsOnTheirWayToTheMachineAreActivitiesThatEnd() throws Exception {
            withClient(38, (client, store) -> {
                store.building((_, _, _, log) -> {
                    log.assigned("arm-3", "it is idle");
                    log.copying(Samples.OUT, "arm-3");
                    log.copied(Samples.OUT, 4096);
                    log.copying(Samples.DRV, "arm-3");
                    log.copied(Samples.DRV, 0);
                    log.copying(Samples.OUT, "arm-3");
                    log.assigned("arm-4", "arm-3 was lost");
                    log.copied(Samples.OUT, 4096);
                    return Samples.BUILT;
                });
                var messages = client.send(request()).readMessages();
                var out = DIR.print(Samples.OUT);

                var copies = new ArrayList<Long>();
                for (var message : messages)
                    if (message instanceof WorkerMessage.StartActivity start && start.type() == 100)
                        copies.add(start.id());
                assertThat(copies).hasSize(3);
                assertThat(messages.get(1)).isInstanceOfSatisfying(WorkerMessage.StartActivity.class, start -> {
                    assertThat(start.text()).hasToString("copying path '%s' to 'arm-3'".formatted(out));
                    assertThat(start.fields()).containsExactly(text(out), text("local"), text("arm-3"));
                });
                assertThat(messages.get(2))
                        .isEqualTo(new WorkerMessage.Result(
                                copies.getFirst(),
                                105,
                                List.of(
                                        new WorkerMessage.Field.Int(4096),
                                        new WorkerMessage.Field.Int(4096),
                                        new WorkerMessage.Field.Int(0),
                                        new WorkerMessage.Field.Int(0))));
                for (var copy : copies)
                    assertThat(messages)
                            .filteredOn(new WorkerMessage.StopActivity(copy)::equals)
                            .hasSize(1);
                assertThat(messages)
                        .filteredOn(WorkerMessage.Result.class::isInstance)
                        .as("of what got there and was not cut off")
                        .hasSize(1);
                client.codec.readBuildResult(client.in, Samples.DRV);
            });
        }

        /// A build's own log goes through as it is; what we say, and machines in their answers, does not.
        @Test
        void wordsOfMachinesCannotActUponTheTerminalOfAClient() throws Exception {
            var hostile = "it is \u001b[1mfull\u001b[0m\r\u001b[2J\u202e";
            var shown = "it is \u001b[1mfull\u001b[0m\\r\\x1b[2J\\u202e";
            withClient(38, (client, store) -> {
                store.building((_, _, _, log) -> {
                    log.note(hostile + "\nreally");
                    log.assigned("arm\n3", hostile);
                    log.line(ByteString.of(hostile));
                    return BuildResult.of(BuildStatus.PERMANENT_FAILURE, hostile);
                });
                var messages = client.send(request()).readMessages();

                assertThat(messages.getFirst()).isEqualTo(new WorkerMessage.Next(ByteString.of(shown + "\nreally\n")));
                assertThat(messages)
                        .filteredOn(WorkerMessage.StartActivity.class::isInstance)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                WorkerMessage.StartActivity.class,
                                start -> assertThat(start.text().utf8()).endsWith(" on 'arm\\n3'"));
                assertThat(messages)
                        .filteredOn(WorkerMessage.Result.class::isInstance)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                WorkerMessage.Result.class,
                                line -> assertThat(line.fields()).containsExactly(text(hostile)));
                assertThat(client.codec.readBuildResult(client.in, Samples.DRV).message())
                        .isEqualTo(shown);

                store.building((_, _, _, _) -> {
                    throw new StoreRefusedException(hostile);
                });
                assertThat(client.send(request()).readMessages().getLast())
                        .isInstanceOfSatisfying(
                                WorkerMessage.Failure.class,
                                failure -> assertThat(failure.message()).isEqualTo(shown));
            });
        }

        private static WorkerMessage.Field text(String text) {
            return new WorkerMessage.Field.Text(ByteString.of(text));
        }

        /// Nix up to 2.3 has no level between warnings and information.
        @Test
        void oldClientGetsItsOwnLevel() throws Exception {
            withClient(21, (client, store) -> {
                store.building((_, _, _, log) -> {
                    log.line(ByteString.of("one"));
                    return Samples.BUILT;
                });
                assertThat(client.send(request()).readMessages().getFirst())
                        .isInstanceOfSatisfying(
                                WorkerMessage.StartActivity.class,
                                start -> assertThat(start.level()).isEqualTo(2));
                client.codec.readBuildResult(client.in, Samples.DRV);
            });
        }

        @TestFactory
        Stream<DynamicTest> whatIsSaidAfterTheEndIsDropped() {
            return Stream.of("built", "refused", "failed")
                    .map(how -> dynamicTest(how, () -> {
                        var kept = new AtomicReference<BuildLog>();
                        withClient(38, (client, store) -> {
                            store.building((_, _, _, log) -> {
                                kept.set(log);
                                log.line(ByteString.of("in time"));
                                if (how.equals("refused")) throw new StoreRefusedException("no");
                                return how.equals("built") ? Samples.BUILT : Samples.FAILED;
                            });
                            var end = client.send(request()).readMessages().getLast();
                            if (end instanceof WorkerMessage.Last) client.codec.readBuildResult(client.in, Samples.DRV);
                            var log = kept.get();
                            log.line(ByteString.of("too late"));
                            log.note("too late");
                            log.phase("too late");
                            log.assigned("too", "late");
                            log.flush();
                        });
                    }));
        }

        /// Lines come from other threads than the one that answers.
        @Test
        void linesOfManyThreadsAndTheReplyDoNotMix() throws Exception {
            withClient(38, (client, store) -> {
                store.building((_, _, _, log) -> {
                    for (int i = 0; i < 8; i++)
                        Thread.ofVirtual().start(() -> {
                            for (int n = 0; n < 2000; n++) {
                                log.line(ByteString.of("a line of some length, number " + n));
                                if (n % 100 == 0) log.flush();
                            }
                        });
                    return Samples.BUILT;
                });
                client.send(request()).readMessages();
                assertThat(client.codec.readBuildResult(client.in, Samples.DRV)).isEqualTo(Samples.BUILT);
            });
        }

        @Test
        void lineThatIsFlushedArrivesBeforeTheEnd() throws Exception {
            var heard = new CountDownLatch(1);
            withClient(38, (client, store) -> {
                store.building((_, _, _, log) -> {
                    log.line(ByteString.of("still building"));
                    log.flush();
                    heard.await();
                    return Samples.BUILT;
                });
                client.send(request());
                assertThat(client.messages.read(client.in)).isInstanceOf(WorkerMessage.StartActivity.class);
                assertThat(client.messages.read(client.in)).isInstanceOf(WorkerMessage.Result.class);
                heard.countDown();
                client.readMessages();
                client.codec.readBuildResult(client.in, Samples.DRV);
            });
        }

        @Test
        void clientThatGoesInterruptsItsBuild() throws Exception {
            var began = new CountDownLatch(1);
            var interrupted = new CompletableFuture<Boolean>();
            var store = Samples.store().building((_, _, _, _) -> {
                began.countDown();
                try {
                    new CountDownLatch(1).await();
                    throw new AssertionError();
                } catch (InterruptedException e) {
                    interrupted.complete(true);
                    throw e;
                }
            });
            try (var server = RunningServer.worker(store);
                    var client = new RawWorkerClient(server.channel(), 38)) {
                client.send(request());
                began.await();
                server.hangUp();
                assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
                assertThat(server.awaitEnd().orElseThrow()).isInstanceOf(InterruptedException.class);
                assertThat(store.isClosed()).isTrue();
            }
        }

        @Test
        void clientThatStaysIsWatchedAgainInItsNextBuild() throws Exception {
            var store = Samples.store();
            try (var server = RunningServer.worker(store);
                    var client = new RawWorkerClient(server.channel(), 38)) {
                store.building((_, _, _, _) -> Samples.BUILT);
                for (int i = 0; i < 20; i++) {
                    client.send(request()).requireLast();
                    client.codec.readBuildResult(client.in, Samples.DRV);
                }
                client.requireAlive();
                var began = new CountDownLatch(1);
                store.building((_, _, _, _) -> {
                    began.countDown();
                    new CountDownLatch(1).await();
                    throw new AssertionError();
                });
                client.send(request());
                began.await();
                server.hangUp();
                assertThat(server.awaitEnd().orElseThrow()).isInstanceOf(InterruptedException.class);
            }
        }

        @Test
        void clientThatGoesRightAfterItsBuildHurtsNobody() throws Exception {
            for (int i = 0; i < 200; i++) {
                var store = Samples.store().building((_, _, _, _) -> Samples.BUILT);
                try (var server = RunningServer.worker(store)) {
                    var client = new RawWorkerClient(server.channel(), 38);
                    client.send(request()).requireLast();
                    server.hangUp();
                    // The reply may find nobody to read it.
                    server.awaitEnd().ifPresent(e -> assertThat(e).hasMessage("broken pipe"));
                }
            }
        }

        @Test
        void brokenStoreIsToldAndEndsTheConversation() throws Exception {
            var store = Samples.store().building((_, _, _, _) -> {
                throw new IOException("the disk is gone");
            });
            try (var server = RunningServer.worker(store);
                    var client = new RawWorkerClient(server.channel(), 38)) {
                client.send(request());
                assertThat(client.readError()).isEqualTo("the disk is gone");
                client.requireEnd();
                assertThat(server.awaitEnd().orElseThrow()).hasMessage("the disk is gone");
            }
        }

        @Test
        void optionsThatWereSetReachTheBuild() throws Exception {
            withClient(38, (client, store) -> {
                var options = new AtomicReference<BuildOptions>();
                store.building((_, _, given, _) -> {
                    options.set(given);
                    return BuildResult.of(BuildStatus.BUILT, "");
                });
                var values = new ArrayList<Long>(List.of(1L, 0L, 0L, 3L, 8L, 90L, 1L, 0L, 0L, 0L, 4L, 1L));
                var overrides = new TreeMap<String, ByteString>();
                overrides.put("timeout", ByteString.of("3600"));
                overrides.put("cores", ByteString.of("many"));
                client.send(new WorkerRequest.SetOptions(values, overrides)).requireLast();
                client.send(request()).readMessages();
                client.codec.readBuildResult(client.in, Samples.DRV);
                assertThat(options.get())
                        .isEqualTo(new BuildOptions(
                                BuildMode.NORMAL, Duration.ofSeconds(90), Duration.ofSeconds(3600), 0, true));
            });
        }
    }

    @Nested
    class Errors {
        private static byte[] errorBytes(int minor, String message) throws Exception {
            var store = Samples.store().refusing(Samples.LIBRARY.path(), message);
            try (var server = RunningServer.worker(store);
                    var client = new RawWorkerClient(server.channel(), minor)) {
                client.send(new WorkerRequest.QueryPathInfo(Samples.LIBRARY.path()));
                server.awaitIdle();
                client.channel.out().close();
                server.awaitEnd();
                var bytes = new ByteArrayOutputStream();
                while (client.in.awaitInput())
                    client.in.consume((chunk, offset, length) -> {
                        bytes.write(chunk, offset, length);
                        return length;
                    });
                return bytes.toByteArray();
            }
        }

        @Test
        void haveAMessageAndAStatusBefore26() throws Exception {
            assertThat(ScriptedPeer.show(errorBytes(25, "no")))
                    .isEqualTo(ScriptedPeer.show(ScriptedPeer.bytes(
                            out -> out.writeLong(0x63787470).writeText("no").writeLong(1))));
        }

        @Test
        void haveAStructureFrom26On() throws Exception {
            assertThat(ScriptedPeer.show(errorBytes(26, "no")))
                    .isEqualTo(ScriptedPeer.show(ScriptedPeer.bytes(out -> out.writeLong(0x63787470)
                            .writeText("Error")
                            .writeLong(0)
                            .writeText("Error")
                            .writeText("no")
                            .writeLong(0)
                            .writeLong(0))));
        }

        @Test
        void withTracesAreReadWhole() throws Exception {
            var bytes = ScriptedPeer.bytes(out -> out.writeLong(0x63787470)
                    .writeText("Error")
                    .writeLong(0)
                    .writeText("Error")
                    .writeText("no")
                    .writeLong(0)
                    .writeLong(2)
                    .writeLong(0)
                    .writeText("while asking")
                    .writeLong(0)
                    .writeText("while waiting"));
            assertThat(new MessageCodec(new ProtocolVersion(1, 34)).read(reader(bytes)))
                    .isEqualTo(new WorkerMessage.Failure("no\n… while asking\n… while waiting", 1));
        }

        @Test
        void withAPositionAreNotUnderstood() {
            var bytes = ScriptedPeer.bytes(out -> out.writeLong(0x63787470)
                    .writeText("Error")
                    .writeLong(0)
                    .writeText("Error")
                    .writeText("no")
                    .writeLong(1));
            assertThatThrownBy(() -> new MessageCodec(new ProtocolVersion(1, 34)).read(reader(bytes)))
                    .isInstanceOf(ProtocolException.class);
        }

        private static WireReader reader(byte[] bytes) {
            return new WireReader(new ByteArrayInputStream(bytes));
        }
    }

    @Nested
    class Endings {
        @Test
        void clientThatGoesBetweenRequestsIsDone() throws Exception {
            var store = Samples.store();
            try (var server = RunningServer.worker(store);
                    var client = new RawWorkerClient(server.channel(), 38)) {
                client.requireAlive();
                server.hangUp();
                assertThat(server.awaitEnd()).isEmpty();
                assertThat(store.isClosed()).isTrue();
            }
        }

        @Test
        void clientThatGoesInsideARequestIsABrokenConversation() throws Exception {
            try (var server = RunningServer.worker(Samples.store());
                    var client = new RawWorkerClient(server.channel(), 38)) {
                client.out.writeLong(1).writeLong(50).flush();
                server.hangUp();
                assertThat(server.awaitEnd().orElseThrow()).isInstanceOf(EOFException.class);
            }
        }
    }
}
