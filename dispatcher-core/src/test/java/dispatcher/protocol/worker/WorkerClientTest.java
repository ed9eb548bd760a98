package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.HandshakeException;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.store.BuildOptions;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MemoryConnection;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.RecordedLog;
import dispatcher.testkit.Samples;
import dispatcher.testkit.ScriptedPeer;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import dispatcher.wire.socket.UnixSocketChannel;
import dispatcher.wire.socket.UnixSocketListener;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/// The client against daemons that the test plays, good ones and bad ones.
@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
@Isolated("the last words of a peer are waited for for half a second")
class WorkerClientTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    private static final long NEXT = 0x6f6c6d67;
    private static final long READ = 0x64617461;
    private static final long LAST = 0x616c7473;
    private static final long ERROR = 0x63787470;
    private static final long START = 0x53545254;
    private static final long RESULT = 0x52534c54;

    private final MemoryConnection connection = new MemoryConnection(1 << 20);
    private final ScriptedPeer daemon = new ScriptedPeer(connection.in(), connection.out());

    @AfterEach
    void close() {
        connection.close();
    }

    private WorkerClient connect() throws IOException {
        return new WorkerClient(connection.channel(), DIR, "arm-3");
    }

    private void say(String text) throws IOException {
        connection.err().write(text.getBytes(StandardCharsets.UTF_8));
    }

    /// A daemon of Nix 2.8.
    private WorkerClient connectTo28() throws IOException {
        daemon.send(out ->
                out.writeLong(0x6478696f).writeLong(0x122).writeText("2.8.0").writeLong(LAST));
        var client = connect();
        daemon.expect(
                out -> out.writeLong(0x6e697863).writeLong(0x126).writeLong(0).writeLong(0));
        return client;
    }

    /// A daemon of Nix 2.3, whose uploads are pulled.
    private WorkerClient connectTo23() throws IOException {
        daemon.send(out -> out.writeLong(0x6478696f).writeLong(0x115).writeLong(LAST));
        var client = connect();
        daemon.expect(
                out -> out.writeLong(0x6e697863).writeLong(0x126).writeLong(0).writeLong(0));
        return client;
    }

    @Test
    void greetingOfNix28() throws Exception {
        var client = connectTo28();
        assertThat(client.version()).isEqualTo(new ProtocolVersion(1, 34));
        assertThat(client.nixVersion()).isEqualTo("2.8.0");
        assertThat(client.trust()).isEqualTo(Trust.UNKNOWN);
    }

    @Test
    void greetingOfANewerNixThatDoesNotTrustUs() throws Exception {
        daemon.send(out -> out.writeLong(0x6478696f)
                .writeLong(0x127)
                .writeTexts(List.of("delete-dead-specific-referrers", "realisation-with-path-not-hash"))
                .writeText("2.40")
                .writeLong(2)
                .writeLong(NEXT)
                .writeText("warning: you are not trusted\n")
                .writeLong(LAST));
        var client = connect();
        daemon.expect(out -> out.writeLong(0x6e697863)
                .writeLong(0x126)
                .writeTexts(List.of("realisation-with-path-not-hash"))
                .writeLong(0)
                .writeLong(0));
        assertThat(client.version()).isEqualTo(new ProtocolVersion(1, 38));
        assertThat(client.trust()).isEqualTo(Trust.NOT_TRUSTED);
    }

    private static HandshakeException.Kind kind(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return ((HandshakeException) org.assertj.core.api.Assertions.catchThrowable(call)).kind();
    }

    @Test
    void daemonThatTurnsUsAwayIsQuoted() throws Exception {
        daemon.send(out -> out.writeLong(0x6478696f)
                .writeLong(0x122)
                .writeText("2.8.0")
                .writeLong(ERROR)
                .writeText("Error")
                .writeLong(0)
                .writeText("Error")
                .writeText("user 'nobody' is not allowed to connect to the Nix daemon")
                .writeLong(0)
                .writeLong(0));
        assertThatThrownBy(this::connect)
                .isInstanceOf(HandshakeException.class)
                .hasMessageContaining("turned us away: user 'nobody' is not allowed");
    }

    @Test
    void noiseBeforeTheProtocolIsShown() throws Exception {
        daemon.send("Welcome to arm-3!\nLast login: never\n".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        HandshakeException.class, e -> assertThat(e.kind()).isEqualTo(HandshakeException.Kind.NOISE))
                .hasMessageContaining("'Welcome to arm-3!\nLast login: never'");
    }

    @Test
    void missingNixIsSeen() throws Exception {
        say("bash: line 1: nix-daemon: command not found\n");
        connection.exit(127);
        assertThat(kind(this::connect)).isEqualTo(HandshakeException.Kind.NO_NIX);
    }

    @Test
    void programThatEndsAtOnceIsQuoted() throws Exception {
        say("error: cannot open connection to remote store 'daemon'\n");
        connection.exit(1);
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        HandshakeException.class, e -> assertThat(e.kind()).isEqualTo(HandshakeException.Kind.ENDED))
                .hasMessageContaining("with exit status 1, saying: error: cannot open connection");
    }

    private HandshakeException failure(String errors, int status) throws IOException {
        say(errors);
        connection.exit(status);
        return (HandshakeException) org.assertj.core.api.Assertions.catchThrowable(this::connect);
    }

    @Test
    void daemonThatDoesNotRunIsToldApartFromMissingNixThoughOtherProgramsAreMissing() throws Exception {
        var e = failure("""
                bash: conda: command not found
                error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused
                """, 1);
        assertThat(e.kind()).isEqualTo(HandshakeException.Kind.NO_DAEMON);
        assertThat(e)
                .hasMessageContaining("cannot connect to socket at '/nix/var/nix/daemon-socket/socket'")
                .hasMessageNotContaining("conda");
        assertThat(e.nextStep()).contains("systemctl start nix-daemon.socket");
    }

    @Test
    void nixThatSudoDoesNotFindIsMissing() throws Exception {
        var e = failure("motd\nsudo: nix-daemon: command not found\n", 1);
        assertThat(e.kind()).isEqualTo(HandshakeException.Kind.NO_NIX);
        assertThat(e.nextStep()).contains("remoteProgram");
    }

    @Test
    void ofManyLinesTheErrorsOfNixAreTold() throws Exception {
        var e = failure("""
                Warning: Permanently added
                \033[31;1merror:\033[0m
                       … while opening
                       \033[31;1merror:\033[0m opening lock file '/nix/var/nix/db/big-lock': Permission denied
                logout
                """, 1);
        assertThat(e.kind()).isEqualTo(HandshakeException.Kind.ENDED);
        assertThat(e)
                .hasMessageEndingWith("saying: error: opening lock file '/nix/var/nix/db/big-lock': Permission denied");
    }

    @Test
    void withoutErrorsOfNixTheLastLinesAreTold() throws Exception {
        assertThat(failure("one\ntwo\nthree\n", 3)).hasMessageEndingWith("exit status 3, saying: two; three");
    }

    @Test
    void forcedCommandOfTheOtherProtocolIsTold() throws Exception {
        var e = failure("error: protocol mismatch\n", 1);
        assertThat(e.kind()).isEqualTo(HandshakeException.Kind.OTHER_PROTOCOL);
        assertThat(e.nextStep()).contains("authorized_keys", "ssh for `nix-store --serve --write`");
    }

    @Test
    void accountThatMayNotLogInIsNoNoise() throws Exception {
        daemon.send("This account is currently not available.\n".getBytes(StandardCharsets.UTF_8));
        var e = failure("", 1);
        assertThat(e.kind()).isEqualTo(HandshakeException.Kind.NO_LOGIN);
        assertThat(e).hasMessageContaining("This account is currently not available.");
        assertThat(e.nextStep()).contains("chsh");
    }

    @Test
    void textOfAProgramThatEndsIsItsAnswerAndNoNoise() throws Exception {
        daemon.send("PTY allocation request failed, go away\n".getBytes(StandardCharsets.UTF_8));
        var e = failure("", 254);
        assertThat(e.kind()).isEqualTo(HandshakeException.Kind.ENDED);
        assertThat(e).hasMessageEndingWith("exit status 254, saying: PTY allocation request failed, go away");
    }

    @Test
    void programThatEndsInsideItsGreetingIsQuotedToo() throws Exception {
        daemon.send(out -> out.writeLong(0x6478696f).writeLong(0x122));
        say("error: out of memory\n");
        connection.err().close();
        daemon.hangUp();
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        HandshakeException.class, e -> assertThat(e.kind()).isEqualTo(HandshakeException.Kind.ENDED))
                .hasMessageContaining("error: out of memory");
    }

    @Test
    void otherProtocolIsToldApart() throws Exception {
        daemon.send(out -> out.writeLong(0x6478696f).writeLong(0x210));
        assertThat(kind(this::connect)).isEqualTo(HandshakeException.Kind.OLD_PROTOCOL);
    }

    /// All that may come before the reply, of which a build's own words are kept.
    @Test
    void messagesAreSortedOut() throws Exception {
        var client = connectTo28();
        daemon.send(out -> out.writeLong(START)
                .writeLong(7)
                .writeLong(3)
                .writeLong(105)
                .writeText("building")
                .writeLong(1)
                .writeLong(1)
                .writeText("x")
                .writeLong(0)
                .writeLong(RESULT)
                .writeLong(7)
                .writeLong(101)
                .writeLong(1)
                .writeLong(1)
                .writeText("a line")
                .writeLong(RESULT)
                .writeLong(7)
                .writeLong(105)
                .writeLong(4)
                .writeLong(0)
                .writeLong(0)
                .writeLong(0)
                .writeLong(1)
                .writeLong(0)
                .writeLong(0)
                .writeLong(0)
                .writeLong(0)
                .writeLong(RESULT)
                .writeLong(7)
                .writeLong(101)
                .writeLong(0)
                .writeLong(RESULT)
                .writeLong(7)
                .writeLong(104)
                .writeLong(1)
                .writeLong(1)
                .writeText("checkPhase")
                .writeLong(RESULT)
                .writeLong(7)
                .writeLong(107)
                .writeLong(1)
                .writeLong(1)
                .writeText("uploaded")
                .writeLong(NEXT)
                .writeText("warning: a word of the daemon\n")
                .writeLong(LAST));
        daemon.send(out -> out.writeLong(3)
                .writeText("no")
                .writeLong(1)
                .writeLong(0)
                .writeLong(5)
                .writeLong(6)
                .writeLong(0));
        var log = new RecordedLog();
        var result = client.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, log);
        assertThat(result.message()).isEqualTo("no");
        assertThat(log.entries())
                .containsExactly(
                        "line a line",
                        "phase checkPhase",
                        "line post-build-hook: uploaded",
                        "note warning: a word of the daemon");
    }

    @Test
    void readThatNoRequestOfOursAllowsIsRefused() throws Exception {
        var client = connectTo28();
        daemon.send(out -> out.writeLong(READ).writeLong(1000));
        assertThatThrownBy(() -> client.queryPathInfo(Samples.OUT))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("arm-3 asks for data that no request of ours has");
    }

    @Test
    void unknownMessageIsRefused() throws Exception {
        var client = connectTo28();
        daemon.send(out -> out.writeLong(0x1234));
        assertThatThrownBy(() -> client.queryPathInfo(Samples.OUT))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("message of kind 0x1234 is not one of the worker protocol");
    }

    @Test
    void statusThatNixDoesNotHaveIsRefused() throws Exception {
        var client = connectTo28();
        daemon.send(out -> out.writeLong(LAST).writeLong(15).writeText(""));
        assertThatThrownBy(() -> client.buildDerivation(
                        Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, new RecordedLog()))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("build status 15 is not known");
    }

    @Test
    void daemonThatGoesIsTheEnd() throws Exception {
        var client = connectTo28();
        connection.exit(1);
        assertThatThrownBy(() -> client.queryPathInfo(Samples.OUT)).isInstanceOf(IOException.class);
    }

    @Test
    void narOfOneFile() throws Exception {
        var client = connectTo28();
        var nar = Samples.SOURCE_TREE.toNar();
        daemon.send(out -> out.writeLong(LAST).writeRaw(nar, 0, nar.length));
        var sink = new ByteArrayOutputStream();
        client.narFromPath(Samples.SOURCE.path(), Verify.HERE, sink).requireSameAs(Samples.SOURCE, "arm-3");
        assertThat(sink.toByteArray()).isEqualTo(nar);
    }

    @Test
    void narThatBreaksOff() throws Exception {
        var client = connectTo28();
        var nar = Samples.SOURCE_TREE.toNar();
        daemon.send(out -> out.writeLong(LAST).writeRaw(nar, 0, 80));
        daemon.hangUp();
        assertThatThrownBy(() -> client.narFromPath(Samples.SOURCE.path(), Verify.HERE, new ByteArrayOutputStream()))
                .isInstanceOf(EOFException.class);
    }

    /// Other messages may come before each READ, and chunks are as large as the daemon wants them.
    @Test
    void pulledUploadGivesWhatIsAskedFor() throws Exception {
        var client = connectTo23();
        var tree = NarTree.file("0123456789");
        var nar = tree.toNar();
        daemon.send(out -> out.writeLong(NEXT)
                .writeText("copying\n")
                .writeLong(READ)
                .writeLong(3)
                .writeLong(READ)
                .writeLong(50)
                .writeLong(NEXT)
                .writeText("still copying\n")
                .writeLong(READ)
                .writeLong(1000)
                .writeLong(LAST));
        var info = FakeStore.info("file", tree);
        client.addToStore(List.of(FakeStore.toAdd(info, tree)));
        daemon.expect(out -> {
            var codec = new WorkerCodec(DIR, new ProtocolVersion(1, 21));
            codec.writeRequest(out, new WorkerRequest.AddToStoreNar(info, false, true));
            out.writeLong(3).writeRaw(nar, 0, 3).writePadding(3);
            out.writeLong(50).writeRaw(nar, 3, 50).writePadding(50);
            out.writeLong(nar.length - 53).writeRaw(nar, 53, nar.length - 53).writePadding(nar.length - 53L);
        });
    }

    @Test
    void pulledUploadThatIsRefusedInTheMiddle() throws Exception {
        var client = connectTo23();
        var tree = NarTree.file("0123456789".repeat(10_000));
        daemon.send(out -> out.writeLong(READ)
                .writeLong(100)
                .writeLong(ERROR)
                .writeText("no space left on device")
                .writeLong(1));
        assertThatThrownBy(() -> client.addToStore(List.of(FakeStore.toAdd(FakeStore.info("file", tree), tree))))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessage("no space left on device");
        daemon.send(out -> out.writeLong(LAST).writeLong(0));
        assertThat(client.queryPathInfo(Samples.OUT)).isEmpty();
    }

    @Test
    void pulledUploadThatEndsTooEarlyIsABrokenConversation() throws Exception {
        var client = connectTo23();
        var tree = NarTree.file("0123456789");
        daemon.send(out -> out.writeLong(LAST));
        assertThatThrownBy(() -> client.addToStore(List.of(FakeStore.toAdd(FakeStore.info("file", tree), tree))))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("the daemon ended an upload before its end");
    }

    @Test
    void pulledUploadOfNothingAtATimeWouldNeverEnd() throws Exception {
        var client = connectTo23();
        var tree = NarTree.file("0123456789");
        daemon.send(out -> out.writeLong(READ).writeLong(0));
        assertThatThrownBy(() -> client.addToStore(List.of(FakeStore.toAdd(FakeStore.info("file", tree), tree))))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("the daemon asks for 0 bytes of an upload");
    }

    @Test
    void closingFromAnotherThreadEndsAnUpload() throws Exception {
        var client = connectTo28();
        var tree = NarTree.file("0123456789".repeat(1_000_000));
        var thrown = new CompletableFuture<Throwable>();
        Thread.ofVirtual()
                .start(() -> thrown.complete(org.assertj.core.api.Assertions.catchThrowable(
                        () -> client.addToStore(List.of(FakeStore.toAdd(FakeStore.info("file", tree), tree))))));
        // Nobody takes the upload, so it stands still when the pipe is full.
        while (connection.in().available() < 1 << 20) Thread.onSpinWait();
        client.close();
        assertThat(thrown.get(10, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }

    /// Over a socket with buffers as they are, which a daemon fills that answers while we ask.
    @Test
    @Tag("slow")
    void moreIsAskedThanASocketHolds(@TempDir Path dir) throws Exception {
        var paths = IntStream.range(0, 20_000)
                .mapToObj(i -> FakeStore.path("p" + i))
                .toList();
        var store = new FakeStore().with(FakeStore.info("p7", NarTree.file("p7")), NarTree.file("p7"));
        try (var listener = UnixSocketListener.open(dir.resolve("s"), "rw-------")) {
            listener.serve("test daemon", connection -> serve(connection, store));
            try (var client = new WorkerClient(UnixSocketChannel.connect(dir.resolve("s")), DIR, "the daemon")) {
                assertThat(client.queryValidPaths(paths, false)).containsExactly(FakeStore.path("p7"));
                assertThat(client.queryPathInfos(paths)).containsOnlyKeys(FakeStore.path("p7"));
            }
        }
    }

    @Test
    void onlyWhatIsThereAfterAllIsKeptOfWhatIsNotExpected() throws Exception {
        var client = connectTo28();
        var absent = FakeStore.path("absent");
        var expected = FakeStore.path("expected");
        var surprising = FakeStore.path("surprising");
        daemon.send(out -> out.writeLong(LAST)
                .writeLong(1)
                .writeLong(LAST)
                .writeStorePaths(DIR, List.of(expected, surprising))
                .writeLong(LAST)
                .writeLong(1)
                .writeLong(LAST)
                .writeStorePaths(DIR, List.of(surprising)));
        assertThat(client.queryValidPaths(List.of(absent, expected, surprising), expected::equals, false))
                .containsExactlyInAnyOrder(expected, surprising);
        daemon.expect(out -> {
            var codec = new WorkerCodec(DIR, new ProtocolVersion(1, 34));
            codec.writeRequest(out, new WorkerRequest.AddTempRoot(expected));
            codec.writeRequest(
                    out,
                    new WorkerRequest.QueryValidPaths(new TreeSet<>(List.of(absent, expected, surprising)), false));
            codec.writeRequest(out, new WorkerRequest.AddTempRoot(surprising));
            codec.writeRequest(out, new WorkerRequest.QueryValidPaths(new TreeSet<>(List.of(surprising)), false));
        });
    }

    /// Nobody takes the questions, so they stand still when the pipe is full.
    /// The answer about what substituters have comes with all references, of which nothing is kept.
    @Test
    @Tag("slow")
    void closureOfAnySizeMayBeFetchedForOnePath() throws Exception {
        var client = connectTo28();
        int many = 310_000;
        var answering = CompletableFuture.runAsync(() -> {
            try {
                daemon.send(out -> {
                    out.writeLong(LAST).writeLong(0).writeLong(many);
                    for (int i = 0; i < many; i++) out.writeText("/nix/store/%032d-p".formatted(i));
                    out.writeLong(1).writeText(DIR.print(FakeStore.path("unknown")));
                    out.writeLong(0).writeLong(0);
                });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        assertThat(client.querySubstitutablePaths(List.of(FakeStore.path("known"), FakeStore.path("unknown"))))
                .containsExactly(FakeStore.path("known"));
        answering.get(10, TimeUnit.SECONDS);
    }

    @Test
    void lieInTheMiddleOfManyQuestionsEndsThem() throws Exception {
        var client = connectTo28();
        var paths = IntStream.range(0, 20_000)
                .mapToObj(i -> FakeStore.path("p" + i))
                .toList();
        daemon.send(out -> out.writeLong(LAST).writeLong(1).writeLong(0xbad));
        assertThatThrownBy(() -> client.queryValidPaths(paths, false))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("0xbad");
    }

    private static void serve(UnixSocketChannel connection, FakeStore store) {
        try (connection) {
            new WorkerServer(new WireReader(connection.in()), new WireWriter(connection.out()), store, DIR, "test")
                    .run();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
