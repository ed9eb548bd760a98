package dispatcher.protocol.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.Greeting;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.RunningServer;
import dispatcher.store.BuildOptions;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Samples;
import dispatcher.testkit.ScriptedPeer;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// What the server does with clients that ask for more than a builder does, send what they should not, or go.
@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
class ServeServerTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    private static final ServeCodec CODEC = new ServeCodec(DIR, Greeting.SERVE.newest());

    /// A client that does what the test says, after the handshake in our version.
    private static final class Client implements AutoCloseable {
        final RunningServer server;
        final CommandChannel channel;
        final WireReader in;
        final WireWriter out;

        Client(FakeStore store) throws IOException {
            server = RunningServer.serve(store);
            channel = server.channel();
            in = new WireReader(channel.in());
            out = new WireWriter(channel.out());
            out.writeLong(Greeting.SERVE.clientMagic())
                    .writeLong(Greeting.SERVE.newest().wire())
                    .flush();
            assertThat(in.readLong()).isEqualTo(Greeting.SERVE.serverMagic());
            assertThat(in.readLong()).isEqualTo(Greeting.SERVE.newest().wire());
        }

        Client send(ServeRequest request) throws IOException {
            CODEC.writeRequest(out, request);
            out.flush();
            return this;
        }

        /// Insists that the server says nothing more, and ends with these words on standard error.
        void requireEnd(Class<? extends Exception> cause, String words) throws Exception {
            assertThat(in.awaitInput()).as("bytes after the end").isFalse();
            assertThat(server.awaitEnd().orElseThrow()).isInstanceOf(cause).hasMessage(words);
            assertThat(new String(channel.err().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                    .isEqualTo(words + "\n");
        }

        @Override
        public void close() {
            channel.close();
            server.close();
        }
    }

    @Test
    void closureIsFollowedThroughReferences() throws Exception {
        try (var client = new Client(Samples.store())) {
            client.send(new ServeRequest.QueryClosure(false, new TreeSet<>(List.of(Samples.LIBRARY.path()))));
            assertThat(client.in.readStorePaths(DIR, "closure"))
                    .containsExactlyInAnyOrder(Samples.LIBRARY.path(), Samples.SOURCE.path());
        }
    }

    @Test
    void closureOfAnUnknownPathEndsTheConversation() throws Exception {
        try (var client = new Client(Samples.store())) {
            client.send(new ServeRequest.QueryClosure(false, new TreeSet<>(List.of(FakeStore.path("missing")))));
            client.requireEnd(
                    StoreRefusedException.class,
                    "path '%s' is not here".formatted(DIR.print(FakeStore.path("missing"))));
        }
    }

    @Test
    void infosOfValidPathsAreTold() throws Exception {
        try (var client = new Client(Samples.store())) {
            client.send(new ServeRequest.QueryPathInfos(
                    new TreeSet<>(List.of(Samples.LIBRARY.path(), FakeStore.path("missing"), Samples.SOURCE.path()))));
            var infos = new TreeSet<String>();
            while (true) {
                var info = CODEC.readPathInfo(client.in);
                if (info.isEmpty()) break;
                infos.add(info.get().path().name());
            }
            assertThat(infos).containsExactly("library", "source");
        }
    }

    @Test
    void pathsThatAreHereCountAsBuilt() throws Exception {
        try (var client = new Client(Samples.store())) {
            client.send(new ServeRequest.BuildPaths(List.of(DIR.print(Samples.LIBRARY.path())), BuildOptions.DEFAULT));
            assertThat(client.in.readLong()).isZero();
            client.send(
                    new ServeRequest.BuildPaths(List.of(DIR.print(FakeStore.path("missing"))), BuildOptions.DEFAULT));
            assertThat(client.in.readLong()).isEqualTo(9);
            assertThat(client.in.readText("message")).contains(DIR.print(FakeStore.path("missing")) + "' is not here");
        }
    }

    /// In-band, since its reply has a place for it; the status is one that no client takes for success.
    @Test
    void buildPathsIsRefusedAndTheConversationGoesOn() throws Exception {
        try (var client = new Client(Samples.store())) {
            client.send(new ServeRequest.BuildPaths(
                    List.of(DIR.print(Samples.DRV) + "!out", DIR.print(Samples.DRV)), BuildOptions.DEFAULT));
            assertThat(client.in.readLong()).isEqualTo(9);
            assertThat(client.in.readText("message"))
                    .isEqualTo("BuildPaths is not done by a build dispatcher: it builds single derivations");
            client.send(new ServeRequest.QueryValidPaths(false, false, new TreeSet<>(List.of(Samples.SOURCE.path()))));
            assertThat(client.in.readStorePaths(DIR, "paths")).containsExactly(Samples.SOURCE.path());
        }
    }

    @TestFactory
    Stream<DynamicTest> operationThatCannotBeAnsweredEndsTheConversation() {
        var paths = new TreeSet<>(List.of(Samples.LIBRARY.path()));
        return Stream.of(new ServeRequest.ExportPaths(paths), new ServeRequest.QueryClosure(true, paths))
                .map(request -> dynamicTest(request.getClass().getSimpleName(), () -> {
                    try (var client = new Client(Samples.store())) {
                        client.send(request);
                        var name = request instanceof ServeRequest.QueryClosure
                                ? "QueryClosure with outputs"
                                : request.getClass().getSimpleName();
                        client.requireEnd(
                                StoreRefusedException.class,
                                name + " is not done by a build dispatcher:"
                                        + " it takes inputs, builds single derivations and hands out results");
                    }
                }));
    }

    @Test
    void importOfPathsEndsTheConversationWithWhatToDo() throws Exception {
        try (var client = new Client(Samples.store())) {
            client.send(new ServeRequest.ImportPaths());
            client.requireEnd(
                    StoreRefusedException.class,
                    "ImportPaths is not done by a build dispatcher, as it names a path only after the path's content;"
                            + " what sends it, such as Hydra's queue runner in C++, can use the dispatcher through Nix:"
                            + " let it build on localhost, and put the dispatcher into 'builders' of nix.conf there");
        }
    }

    @TestFactory
    Stream<DynamicTest> unknownCommandEndsTheConversation() {
        return Stream.of(0L, 10L, 0x1_0000_0001L, -1L)
                .map(number -> dynamicTest(Long.toUnsignedString(number), () -> {
                    try (var client = new Client(Samples.store())) {
                        client.out.writeLong(number).flush();
                        client.requireEnd(
                                ProtocolException.class,
                                "command %s is none of the serve protocol 2.8"
                                        .formatted(Long.toUnsignedString(number)));
                    }
                }));
    }

    @Test
    void emptyNarCannotBe() throws Exception {
        try (var client = new Client(Samples.store())) {
            client.send(new ServeRequest.AddToStoreNar(
                    PathInfo.of(FakeStore.path("empty"), Samples.SOURCE.narHash(), 0, List.of())));
            client.requireEnd(ProtocolException.class, FakeStore.path("empty") + " is announced with an empty NAR");
        }
    }

    @Test
    void largerNarThanAnnouncedIsRefused() throws Exception {
        var tree = NarTree.file("contents ".repeat(1000));
        var info = PathInfo.of(FakeStore.path("large"), tree.narHash(), 1000, List.of());
        var store = Samples.store();
        try (var client = new Client(store)) {
            var nar = tree.toNar();
            CODEC.writeRequest(client.out, new ServeRequest.AddToStoreNar(info));
            client.out.writeRaw(nar, 0, nar.length).flush();
            client.requireEnd(ProtocolException.class, "the NAR is larger than the 1000 bytes it should have");
            assertThat(store.paths()).doesNotContain(info.path());
        }
    }

    @Test
    void clientThatGoesBetweenCommandsIsDone() throws Exception {
        var store = Samples.store();
        try (var client = new Client(store)) {
            client.channel.close();
            assertThat(client.server.awaitEnd()).isEmpty();
            assertThat(store.isClosed()).isTrue();
        }
    }

    @Test
    void clientThatGoesInsideACommandIsABrokenConversation() throws Exception {
        try (var client = new Client(Samples.store())) {
            client.out.writeLong(3).writeLong(50).flush();
            client.channel.close();
            assertThat(client.server.awaitEnd().orElseThrow()).isInstanceOf(EOFException.class);
        }
    }

    /// A build's own log goes through as it is; what we say, and machines in their answers, does not.
    @Test
    void wordsOfMachinesCannotActUponTheTerminalOfAClient() throws Exception {
        var hostile = "it is full\r\u001b[2J\u202e";
        var shown = "it is full\\r\\x1b[2J\\u202e";
        var store = Samples.store().building((_, _, _, log) -> {
            log.note(hostile);
            log.line(ByteString.of(hostile));
            return BuildResult.of(BuildStatus.PERMANENT_FAILURE, hostile);
        });
        try (var client = new Client(store)) {
            client.send(new ServeRequest.BuildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT));
            assertThat(client.in.readLong()).isEqualTo(BuildStatus.PERMANENT_FAILURE.number());
            assertThat(client.in.readText("message")).isEqualTo(shown);
            var log = shown + "\n" + hostile + "\n";
            assertThat(new String(
                            client.channel.err().readNBytes(log.length()), java.nio.charset.StandardCharsets.UTF_8))
                    .startsWith(shown + "\n" + hostile.substring(0, 10));
        }
    }

    @Test
    void clientThatGoesInterruptsItsBuild() throws Exception {
        var began = new CountDownLatch(1);
        var store = Samples.store().building((_, _, _, _) -> {
            began.countDown();
            new CountDownLatch(1).await();
            throw new AssertionError();
        });
        try (var client = new Client(store)) {
            client.send(new ServeRequest.BuildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT));
            began.await();
            client.channel.close();
            assertThat(client.server.awaitEnd().orElseThrow()).isInstanceOf(InterruptedException.class);
            assertThat(store.isClosed()).isTrue();
        }
    }

    @TestFactory
    Stream<DynamicTest> clientOfAnotherVersionIsSentAway() {
        return Stream.of(0x204L, 0x307L, 0x126L, 0x0001_0000_0000_0207L, -1L)
                .map(version -> dynamicTest("0x%x".formatted(version), () -> {
                    try (var server = RunningServer.serve(Samples.store())) {
                        var channel = server.channel();
                        new ScriptedPeer(channel.in(), channel.out())
                                .send(out -> out.writeLong(Greeting.SERVE.clientMagic())
                                        .writeLong(version))
                                .expect(out -> out.writeLong(Greeting.SERVE.serverMagic())
                                        .writeLong(0x208))
                                .expectEnd();
                        assertThat(server.awaitEnd().orElseThrow())
                                .isInstanceOf(ProtocolException.class)
                                .hasMessage(
                                        "this dispatcher speaks the serve protocol from 2.5 on (Nix 2.1),"
                                                + " this client speaks %s",
                                        ProtocolVersion.ofWire(version));
                    }
                }));
    }
}
