package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ByteString;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.RunningServer;
import dispatcher.store.BuildLog;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/// Client and server of the worker protocol against each other, in every version that changed something.
class WorkerProtocolTest {
    private static final int[] MINORS = {21, 22, 23, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38};

    private interface Check {
        void run(int minor, FakeStore store, WorkerClient client) throws Exception;
    }

    /// A conversation in each version, over a store that has both samples.
    private static Stream<DynamicTest> inEachVersion(Check check) {
        return IntStream.of(MINORS)
                .mapToObj(minor -> DynamicTest.dynamicTest("1." + minor, () -> {
                    var store = Samples.store();
                    try (var server = RunningServer.worker(store);
                            var client = client(server, minor)) {
                        check.run(minor, store, client);
                        // Whatever was done, nothing is left over that the next reply would be mistaken for.
                        assertThat(client.queryPathInfo(Samples.LIBRARY.path())).contains(Samples.LIBRARY);
                        server.hangUp();
                        assertThat(server.awaitEnd()).isEmpty();
                        assertThat(store.isClosed()).isTrue();
                    }
                }));
    }

    private static WorkerClient client(RunningServer server, int minor) throws IOException {
        return new WorkerClient(
                server.channel(),
                StoreDir.NIX_STORE,
                "the server",
                new WorkerHandshake(new ProtocolVersion(1, minor), Set.of()));
    }

    @TestFactory
    Stream<DynamicTest> greetingTellsVersionAndTrust() {
        return inEachVersion((minor, _, client) -> {
            assertThat(client.version()).isEqualTo(new ProtocolVersion(1, minor));
            assertThat(client.nixVersion()).isEqualTo(minor >= 33 ? RunningServer.PROGRAM_VERSION : "");
            assertThat(client.trust()).isEqualTo(minor >= 35 ? Trust.TRUSTED : Trust.UNKNOWN);
        });
    }

    @TestFactory
    Stream<DynamicTest> queriesAreAnswered() {
        return inEachVersion((minor, store, client) -> {
            var missing = FakeStore.path("missing");
            var asked = List.of(missing, Samples.LIBRARY.path(), Samples.SOURCE.path());
            assertThat(client.queryValidPaths(asked, true))
                    .containsExactlyInAnyOrder(Samples.LIBRARY.path(), Samples.SOURCE.path());
            assertThat(store.journal()).as("kept before it is asked for").hasSize(4);
            assertThat(store.journal().getLast()).endsWith(minor >= 27 ? " true" : " false");
            assertThat(client.queryValidPaths(List.of(), true)).isEmpty();
            assertThat(client.queryPathInfo(missing)).isEmpty();
            assertThat(client.queryPathInfo(Samples.SOURCE.path())).contains(Samples.SOURCE);
            assertThat(client.queryAllValidPaths()).isEqualTo(store.paths());
        });
    }

    @TestFactory
    Stream<DynamicTest> moreIsAskedThanFitsOnTheWay() {
        return inEachVersion((_, _, client) -> {
            var asked = new ArrayList<>(List.of(Samples.SOURCE.path()));
            for (int i = 0; i < 5000; i++) asked.add(FakeStore.path("p" + i));
            assertThat(client.queryValidPaths(asked, false)).containsExactly(Samples.SOURCE.path());
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
    Stream<DynamicTest> narOfUnknownPathIsRefused() {
        return inEachVersion((_, _, client) -> assertThatThrownBy(
                        () -> client.narFromPath(FakeStore.path("missing"), Verify.HERE, new ByteArrayOutputStream()))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessage("path '%s' is not valid", FakeStore.path("missing")));
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
    Stream<DynamicTest> uploadedInfosAreWholeButForTheClaimToHaveBuilt() {
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
    Stream<DynamicTest> uploadThatIsRefusedLeavesTheConversationUsable() {
        return inEachVersion((_, store, client) -> {
            var refused = FakeStore.info("refused", Samples.LIBRARY_TREE);
            store.refusing(refused.path(), "the disk is full");
            assertThatThrownBy(() -> client.addToStore(List.of(FakeStore.toAdd(refused, Samples.LIBRARY_TREE))))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessage("the disk is full");
            assertThat(store.paths()).doesNotContain(refused.path());
        });
    }

    @TestFactory
    Stream<DynamicTest> buildTellsItsLogAndResult() {
        return inEachVersion((minor, store, client) -> {
            store.building((_, derivation, options, log) -> {
                assertThat(derivation).isEqualTo(Samples.DERIVATION);
                assertThat(options.mode()).isEqualTo(BuildMode.CHECK);
                log.note("queued behind 3 builds");
                log.line(ByteString.of("before any machine"));
                log.assigned("arm-3", "it is idle");
                log.flush();
                log.phase("buildPhase");
                log.line(ByteString.of("héllo"));
                log.line(ByteString.EMPTY);
                log.assigned("arm-4", "arm-3 was lost");
                log.line(ByteString.of("again"));
                return Samples.BUILT;
            });
            var log = new RecordedLog();
            var result = client.buildDerivation(
                    Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT.withMode(BuildMode.CHECK), log);
            assertThat(result).isEqualTo(Samples.without(Samples.BUILT, minor >= 29, minor >= 37, minor >= 28));
            assertThat(log.entries())
                    .containsExactly(
                            "note queued behind 3 builds",
                            "line before any machine",
                            "phase buildPhase",
                            "line héllo",
                            "line ",
                            "line again");
        });
    }

    @TestFactory
    Stream<DynamicTest> linesAreBytes() {
        return inEachVersion((_, store, client) -> {
            var bytes = ByteString.wrap(new byte[] {(byte) 0xff, 0, 13, (byte) 0xc3});
            store.building((_, _, _, log) -> {
                log.line(bytes);
                return Samples.BUILT;
            });
            var lines = new ArrayList<ByteString>();
            client.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, new BuildLog() {
                @Override
                public void note(String text) {}

                @Override
                public void assigned(String machine, String reason) {}

                @Override
                public void phase(String phase) {}

                @Override
                public void line(ByteString line) {
                    lines.add(line);
                }

                @Override
                public void flush() {}
            });
            assertThat(lines).containsExactly(bytes);
        });
    }

    @TestFactory
    Stream<DynamicTest> failedBuildIsAResult() {
        return inEachVersion((minor, store, client) -> {
            store.building((_, _, _, _) -> Samples.FAILED);
            assertThat(client.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, new RecordedLog()))
                    .isEqualTo(Samples.without(Samples.FAILED, minor >= 29, minor >= 37, minor >= 28));
        });
    }

    @TestFactory
    Stream<DynamicTest> buildThatIsRefusedLeavesTheConversationUsable() {
        return inEachVersion((_, store, client) -> {
            store.building((_, _, _, log) -> {
                log.assigned("arm-3", "it is idle");
                throw new StoreRefusedException("no machine has the feature 'kvm'");
            });
            assertThatThrownBy(() -> client.buildDerivation(
                            Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, new RecordedLog()))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessage("no machine has the feature 'kvm'");
        });
    }

    @TestFactory
    Stream<DynamicTest> refusedQueryLeavesTheConversationUsable() {
        return inEachVersion((_, store, client) -> {
            var secret = FakeStore.path("secret");
            store.refusing(secret, "ünknown to all");
            assertThatThrownBy(() -> client.queryPathInfo(secret))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessage("ünknown to all");
            assertThatThrownBy(() -> client.queryValidPaths(List.of(secret), false))
                    .isInstanceOf(StoreRefusedException.class);
        });
    }

    /// An upload whose source fails cannot be reported to the daemon: the conversation ends.
    @TestFactory
    Stream<DynamicTest> uploadWhoseSourceFailsEndsTheConversation() {
        return IntStream.of(21, 23, 32, 38)
                .mapToObj(minor -> DynamicTest.dynamicTest("1." + minor, () -> {
                    var store = Samples.store();
                    try (var server = RunningServer.worker(store);
                            var client = client(server, minor)) {
                        var info = FakeStore.info("torn", Samples.LIBRARY_TREE);
                        var nar = Samples.LIBRARY_TREE.toNar();
                        assertThatThrownBy(() -> client.addToStore(List.of(new NarToAdd(info, sink -> {
                                    sink.write(nar, 0, 100_000);
                                    throw new IOException("the machine it came from is gone");
                                }))))
                                .hasMessage("the machine it came from is gone");
                        server.hangUp();
                        assertThat(server.awaitEnd()).isPresent();
                        assertThat(store.paths()).doesNotContain(info.path());
                    }
                }));
    }

    @TestFactory
    @Tag("slow")
    Stream<DynamicTest> closureOfManyPathsIsNoMatter() {
        return IntStream.of(21, 38)
                .mapToObj(minor -> DynamicTest.dynamicTest("1." + minor, () -> {
                    try (var server = RunningServer.worker(Samples.store());
                            var client = client(server, minor)) {
                        var closure = new TreeSet<>(List.of(Samples.LIBRARY.path()));
                        for (int i = 0; i < 100_000; i++)
                            closure.add(dispatcher.nix.StorePath.of(
                                    "%032d".formatted(i), "some-package-of-a-large-closure-1.2.3"));
                        assertThat(client.queryValidPaths(closure, false)).containsExactly(Samples.LIBRARY.path());
                    }
                }));
    }

    /// The server may have more to say than the pipe holds, before the client has sent all of its upload.
    @TestFactory
    Stream<DynamicTest> earlyRefusalOfALargeUploadIsHeard() {
        return IntStream.of(23, 32, 38)
                .mapToObj(minor -> DynamicTest.dynamicTest("1." + minor, () -> {
                    var big = NarTree.file("0123456789abcdef".repeat(500_000));
                    var info = FakeStore.info("big", big);
                    var store = Samples.store().refusing(info.path(), "too big: " + "!".repeat(100_000));
                    try (var server = RunningServer.worker(store);
                            var client = client(server, minor)) {
                        assertThatThrownBy(() -> client.addToStore(List.of(FakeStore.toAdd(info, big))))
                                .isInstanceOf(StoreRefusedException.class)
                                .hasMessageStartingWith("too big: !!!");
                        assertThat(client.queryPathInfo(Samples.SOURCE.path())).isEqualTo(Optional.of(Samples.SOURCE));
                    }
                }));
    }
}
