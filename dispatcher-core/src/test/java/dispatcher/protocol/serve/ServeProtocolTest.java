package dispatcher.protocol.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.RunningServer;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.NarToAdd;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.RecordedLog;
import dispatcher.testkit.Samples;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// Client and server of the serve protocol against each other, in every version.
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class ServeProtocolTest {
    private interface Check {
        void run(int minor, FakeStore store, ServeClient client) throws Exception;
    }

    /// A conversation in each version, over a store that has both samples.
    private static Stream<DynamicTest> inEachVersion(Check check) {
        return IntStream.of(5, 6, 7)
                .mapToObj(minor -> dynamicTest("2." + minor, () -> {
                    var store = Samples.store();
                    try (var server = RunningServer.serve(store);
                            var client = client(server, minor)) {
                        check.run(minor, store, client);
                        // Whatever was done, nothing is left over that the next reply would be mistaken for.
                        assertThat(client.queryPathInfo(Samples.LIBRARY.path())).contains(asTold(Samples.LIBRARY));
                        server.hangUp();
                        assertThat(server.awaitEnd()).isEmpty();
                        assertThat(store.isClosed()).isTrue();
                    }
                }));
    }

    private static ServeClient client(RunningServer server, int minor) throws IOException {
        return new ServeClient(server.channel(), StoreDir.NIX_STORE, "the server", new ProtocolVersion(2, minor));
    }

    /// The protocol does not carry when a path was registered.
    private static PathInfo asTold(PathInfo info) {
        return new PathInfo(
                info.path(),
                info.deriver(),
                info.narHash(),
                info.references(),
                Instant.EPOCH,
                info.narSize(),
                false,
                info.signatures(),
                info.contentAddress());
    }

    @TestFactory
    Stream<DynamicTest> queriesAreAnswered() {
        return inEachVersion((minor, store, client) -> {
            assertThat(client.version()).isEqualTo(new ProtocolVersion(2, minor));
            var missing = FakeStore.path("missing");
            var asked = List.of(missing, Samples.LIBRARY.path(), Samples.SOURCE.path());
            assertThat(client.queryValidPaths(asked, true))
                    .containsExactlyInAnyOrder(Samples.LIBRARY.path(), Samples.SOURCE.path());
            assertThat(store.journal().getLast()).endsWith(" true");
            assertThat(client.queryValidPaths(List.of(), true)).isEmpty();
            assertThat(client.queryPathInfo(missing)).isEmpty();
            assertThat(client.queryPathInfo(Samples.SOURCE.path())).contains(Samples.SOURCE);
            assertThatThrownBy(client::queryAllValidPaths).isInstanceOf(StoreRefusedException.class);
        });
    }

    @TestFactory
    Stream<DynamicTest> narsAreHandedOut() {
        return inEachVersion((_, _, client) -> {
            for (var path : List.of(Samples.SOURCE, Samples.LIBRARY)) {
                var nar = new ByteArrayOutputStream();
                client.narFromPath(path.path(), Verify.HERE, nar).requireSameAs(path, "the server");
                assertThat(NarTree.parse(nar.toByteArray()).narHash()).isEqualTo(path.narHash());
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> uploadsArrive() {
        return inEachVersion((_, store, client) -> {
            client.addToStore(List.of());
            var many = new ArrayList<NarToAdd>();
            for (int i = 0; i < 20; i++) {
                var tree = NarTree.directory()
                        .with("f", NarTree.file("%d\n".formatted(i).repeat(i * 997)));
                many.add(FakeStore.toAdd(FakeStore.info("path-" + i, tree, Samples.SOURCE.path()), tree));
            }
            client.addToStore(many.subList(0, 1));
            client.addToStore(many.subList(1, 20));
            assertThat(store.paths()).hasSize(22);
            for (var path : many) assertThat(store.info(path.info().path())).isEqualTo(path.info());
        });
    }

    @TestFactory
    Stream<DynamicTest> uploadedInfosAreWhole() {
        return inEachVersion((_, store, client) -> {
            var info = new PathInfo(
                    FakeStore.path("copy"),
                    Samples.LIBRARY.deriver(),
                    Samples.LIBRARY.narHash(),
                    Samples.LIBRARY.references(),
                    Samples.LIBRARY.registrationTime(),
                    Samples.LIBRARY.narSize(),
                    true,
                    Samples.LIBRARY.signatures(),
                    Samples.LIBRARY.contentAddress());
            client.addToStore(List.of(FakeStore.toAdd(info, Samples.LIBRARY_TREE)));
            assertThat(store.info(info.path())).isEqualTo(info.withoutUltimate());
        });
    }

    @TestFactory
    Stream<DynamicTest> buildTellsItsLogAndResult() {
        return inEachVersion((minor, store, client) -> {
            var options = new BuildOptions(
                    BuildMode.NORMAL, Duration.ofSeconds(90), Duration.ofHours(1), 1_000_000, minor >= 7);
            store.building((_, derivation, given, log) -> {
                assertThat(derivation).isEqualTo(Samples.DERIVATION);
                assertThat(given).isEqualTo(options);
                log.note("queued behind 3 builds");
                log.assigned("arm-3", "it is idle");
                log.line(ByteString.of("héllo"));
                log.line(ByteString.EMPTY);
                log.phase("\"buildPhase\"");
                log.line(ByteString.of("last, and not flushed"));
                return Samples.BUILT;
            });
            var log = new RecordedLog();
            var result = client.buildDerivation(Samples.DRV, Samples.DERIVATION, options, log);
            assertThat(result).isEqualTo(Samples.without(Samples.BUILT, true, false, minor >= 6));
            assertThat(log.entries())
                    .containsExactly(
                            "line queued behind 3 builds",
                            "line héllo",
                            "line ",
                            "line @nix {\"action\":\"setPhase\",\"phase\":\"\\\"buildPhase\\\"\"}",
                            "line last, and not flushed");
        });
    }

    @TestFactory
    @Tag("slow")
    Stream<DynamicTest> longLogIsWholeAndInOrder() {
        return inEachVersion((_, store, client) -> {
            store.building((_, _, _, log) -> {
                for (int i = 0; i < 50_000; i++) log.line(ByteString.of("line " + i));
                return Samples.BUILT;
            });
            for (int run = 0; run < 3; run++) {
                var log = new RecordedLines();
                client.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, log);
                assertThat(log.count()).isEqualTo(50_000);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> failedBuildIsAResult() {
        return inEachVersion((minor, store, client) -> {
            store.building((_, _, _, _) -> Samples.FAILED);
            assertThat(client.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, new RecordedLog()))
                    .isEqualTo(Samples.without(Samples.FAILED, true, false, minor >= 6));
        });
    }

    /// The protocol has no other way to say it.
    @TestFactory
    Stream<DynamicTest> buildThatIsRefusedFailsForNow() {
        return inEachVersion((_, store, client) -> {
            store.building((_, _, _, _) -> {
                throw new StoreRefusedException("no machine has the feature 'kvm'");
            });
            assertThat(client.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, new RecordedLog()))
                    .isEqualTo(BuildResult.of(BuildStatus.TRANSIENT_FAILURE, "no machine has the feature 'kvm'"));
        });
    }

    /// The server says why on its standard error, and ends; the client's exception has its words.
    private static Stream<DynamicTest> endingWith(String words, Check check) {
        return IntStream.of(5, 6, 7)
                .mapToObj(minor -> dynamicTest("2." + minor, () -> {
                    var store = Samples.store();
                    try (var server = RunningServer.serve(store);
                            var client = client(server, minor)) {
                        assertThatThrownBy(() -> check.run(minor, store, client))
                                .isInstanceOf(IOException.class)
                                .isNotInstanceOf(StoreRefusedException.class)
                                .hasMessageContaining("after the server had said: " + words);
                        assertThat(server.awaitEnd()).isPresent();
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> narOfUnknownPathEndsTheConversation() {
        var missing = FakeStore.path("missing");
        return endingWith(
                "path '%s' is not valid".formatted(missing),
                (_, _, client) -> client.narFromPath(missing, Verify.HERE, new ByteArrayOutputStream()));
    }

    @TestFactory
    Stream<DynamicTest> refusedQueryEndsTheConversation() {
        return endingWith("secret", (_, store, client) -> {
            store.refusing(Samples.SOURCE.path(), "secret");
            client.queryPathInfo(Samples.SOURCE.path());
        });
    }

    @TestFactory
    Stream<DynamicTest> wrongUploadEndsTheConversation() {
        var tree = NarTree.file("contents");
        var info =
                PathInfo.of(FakeStore.path("wrong"), NarTree.file("other").narHash(), tree.toNar().length, List.of());
        return endingWith(
                "the NAR of %s from the client has the hash %s".formatted(info.path(), tree.narHash()),
                // The client takes what its source says for the truth, as it would with a source that is mistaken.
                (_, _, client) -> client.addToStore(List.of(new NarToAdd(info, sink -> {
                    sink.write(tree.toNar());
                    return new dispatcher.wire.NarSummary(info.narHash(), info.narSize());
                }))));
    }

    private static final class RecordedLines implements dispatcher.store.BuildLog {
        private int count;

        int count() {
            return count;
        }

        @Override
        public void note(String text) {}

        @Override
        public void assigned(String machine, String reason) {}

        @Override
        public void phase(String phase) {}

        @Override
        public void line(ByteString line) {
            if (line.toString().equals("line " + count)) count++;
        }

        @Override
        public void flush() {}
    }
}
