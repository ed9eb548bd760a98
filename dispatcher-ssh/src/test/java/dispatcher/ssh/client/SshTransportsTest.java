package dispatcher.ssh.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.Reach;
import dispatcher.ssh.Sshd;
import dispatcher.ssh.keys.HostKey;
import dispatcher.ssh.keys.KeyFiles;
import dispatcher.ssh.server.HostKeyFile;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.sshd.common.Service;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.session.AbstractServerSession;
import org.apache.sshd.server.session.ServerConnectionServiceFactory;
import org.apache.sshd.server.session.ServerUserAuthService;
import org.apache.sshd.server.session.ServerUserAuthServiceFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
@Tag("sshd")
class SshTransportsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    private Path dir;

    private final SshTransports transports = new SshTransports();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void close() {
        transports.close();
        threads.shutdownNow();
    }

    private static String text(InputStream in) throws IOException {
        return new String(in.readAllBytes(), UTF_8);
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private static <T> T soon(Future<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static Throwable failureOf(Future<?> future) throws Exception {
        try {
            soon(future);
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
        throw new AssertionError("it did not fail");
    }

    @Nested
    class Commands {

        @Test
        void streamsAndExitStatusAreTheProgramsOwn() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                try (CommandChannel channel = machine.open("cat; echo fault >&2; exit 3")) {
                    channel.out().write("through and back".getBytes(UTF_8));
                    channel.out().close();
                    assertThat(text(channel.in())).isEqualTo("through and back");
                    assertThat(text(channel.err())).isEqualTo("fault\n");
                    assertThat(channel.exitStatus(PATIENCE)).isEqualTo(OptionalInt.of(3));
                }
            }
        }

        @Test
        void hostIsKnownByItsAddressOnceItIsConnected() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                assertThat(machine.peer()).isEmpty();
                machine.open("true").close();
                assertThat(machine.peer()).contains(Sshd.HOST);
            }
        }

        @Test
        void exitStatusOfARunningProgramIsEmpty() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                try (CommandChannel channel = machine.open("sleep 20")) {
                    assertThat(channel.exitStatus(Duration.ofMillis(50))).isEmpty();
                }
            }
        }

        @Test
        void exitStatusOfAKilledProgramIsEmpty() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                try (CommandChannel channel = machine.open("kill -9 $$")) {
                    assertThat(text(channel.in())).isEmpty();
                    assertThat(channel.exitStatus(PATIENCE)).isEmpty();
                }
            }
        }

        @Test
        void manyMegabytesGoThroughUnchanged() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                byte[] sent = new byte[48 << 20];
                new java.util.Random(7).nextBytes(sent);
                try (CommandChannel channel = machine.open("cat")) {
                    Future<?> writer = threads.submit(() -> {
                        try (OutputStream out = channel.out()) {
                            out.write(sent);
                        }
                        return null;
                    });
                    byte[] received = channel.in().readAllBytes();
                    soon(writer);
                    assertThat(java.util.Arrays.equals(received, sent)).isTrue();
                }
            }
        }

        @Test
        void unreadStandardErrorBlocksNoReader() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine = transports.forMachine(
                        sshd.address(), sshd.options().errorBytes(100_000).build());
                try (CommandChannel channel = machine.open("head -c 20000000 /dev/zero >&2; echo done")) {
                    assertThat(text(channel.in())).isEqualTo("done\n");
                    assertThat(channel.err().readAllBytes()).hasSizeLessThanOrEqualTo(100_100);
                }
            }
        }

        @Test
        void channelsOfOneConnectionDoNotHinderEachOther() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine = transports.forMachine(
                        sshd.address(), sshd.options().windowBytes(65_536).build());
                try (CommandChannel unread = machine.open("cat /dev/zero");
                        CommandChannel other = machine.open("echo here")) {
                    assertThat(unread.in().read()).isZero();
                    assertThat(text(other.in())).isEqualTo("here\n");
                }
            }
        }
    }

    @Nested
    class Connections {

        @Test
        void moreChannelsThanAConnectionTakesOpenAnotherOne() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                openAtOnce(machine, 12);
                assertThat(logins(sshd)).isEqualTo(2);
            }
        }

        @Test
        void aServerThatTakesFewerChannelsIsNoticed() throws Exception {
            try (Sshd sshd = Sshd.start(dir, "MaxSessions 3")) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                openAtOnce(machine, 12);
                assertThat(logins(sshd)).isBetween(4, 6);
            }
        }

        @Test
        void callersWaitForOneHandshakeTogether() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                openAtOnce(machine, 10);
                assertThat(logins(sshd)).isEqualTo(1);
            }
        }

        private void openAtOnce(Transport machine, int count) throws Exception {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<CommandChannel>> opening = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                opening.add(threads.submit(() -> {
                    start.await();
                    return machine.open("cat");
                }));
            }
            start.countDown();
            List<CommandChannel> channels = new ArrayList<>();
            for (Future<CommandChannel> each : opening) channels.add(soon(each));
            for (CommandChannel channel : channels) {
                channel.out().write("x".getBytes(UTF_8));
                channel.out().close();
            }
            for (CommandChannel channel : channels)
                assertThat(text(channel.in())).isEqualTo("x");
            channels.forEach(CommandChannel::close);
        }

        private int logins(Sshd sshd) throws IOException {
            return sshd.log().split("Accepted publickey", -1).length - 1;
        }

        /// A server of our own, which takes no commands.
        @Test
        void aServerThatStartsNoCommandsFailsTheReader() throws Exception {
            Sshd.assumeThere();
            Sshd.makeKey(dir.resolve("client"), "ed25519");
            SshServer server = SshServer.setUpDefaultServer();
            server.setHost(Sshd.HOST);
            server.setKeyPairProvider(KeyPairProvider.wrap(HostKeyFile.readOrMake(dir.resolve("host"))));
            server.setPublickeyAuthenticator((_, _, _) -> true);
            server.start();
            try {
                MachineAddress address = new MachineAddress(
                        Sshd.HOST,
                        server.getPort(),
                        "nix",
                        Optional.of(dir.resolve("client")),
                        Optional.of(KeyFiles.encode(HostKeyFile.readOrMake(dir.resolve("host"))
                                        .getPublic())
                                .toString()));
                Transport machine = transports.forMachine(
                        address, SshClientOptions.forHome(dir).build());
                try (CommandChannel channel = machine.open("nix-daemon --stdio")) {
                    assertThatThrownBy(() -> channel.in().read())
                            .isInstanceOfSatisfying(
                                    UnreachableException.class,
                                    e -> assertThat(e.kind()).isEqualTo(Kind.NO_CHANNEL))
                            .hasMessageContaining("nix-daemon --stdio");
                }
            } finally {
                server.stop(true);
            }
        }

        @Test
        void aServerWithoutSessionsIsDistinguishedFromOneThatIsFull() throws Exception {
            try (Sshd sshd = Sshd.start(dir, "MaxSessions 0")) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                UnreachableException e = unreachable(machine);
                assertThat(e.kind()).isEqualTo(Kind.NO_CHANNEL);
                assertThat(e.nextStep()).contains("MaxSessions");
            }
        }

        @Test
        void anIdleConnectionIsClosed() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine = transports.forMachine(
                        sshd.address(),
                        sshd.options()
                                .keepAlive(Duration.ofMillis(200))
                                .maxIdle(Duration.ofMillis(300))
                                .build());
                try (CommandChannel channel = machine.open("true")) {
                    assertThat(text(channel.in())).isEmpty();
                }
                await("the connection goes", () -> sshd.children().isEmpty());
                try (CommandChannel channel = machine.open("echo again")) {
                    assertThat(text(channel.in())).isEqualTo("again\n");
                }
            }
        }

        @Test
        void anOldConnectionGetsNoNewChannels() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine = transports.forMachine(
                        sshd.address(),
                        sshd.options()
                                .keepAlive(Duration.ofMillis(200))
                                .maxAge(Duration.ofMillis(1))
                                .build());
                try (CommandChannel old = machine.open("cat");
                        CommandChannel young = machine.open("cat")) {
                    assertThat(logins(sshd)).isEqualTo(2);
                    for (CommandChannel channel : List.of(old, young)) {
                        channel.out().write('x');
                        channel.out().close();
                        assertThat(text(channel.in())).isEqualTo("x");
                    }
                }
                await("both connections go", () -> sshd.children().isEmpty());
            }
        }

        @Test
        void aRestartedServerIsReachedAgain() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                machine.open("true").close();
                sshd.kill();
                sshd.restart();
                try (CommandChannel channel = machine.open("echo back")) {
                    assertThat(text(channel.in())).isEqualTo("back\n");
                }
            }
        }

        @Test
        void aServerThatGoesSilentIsGivenUp() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine = transports.forMachine(
                        sshd.address(),
                        sshd.options()
                                .keepAlive(Duration.ofMillis(200))
                                .unansweredKeepAlives(3)
                                .build());
                try (CommandChannel channel = machine.open("cat")) {
                    Future<Integer> read = threads.submit(() -> channel.in().read());
                    sshd.freeze();
                    try {
                        assertThat(failureOf(read))
                                .isInstanceOf(IOException.class)
                                .hasMessageContaining("sign of life");
                    } finally {
                        sshd.thaw();
                    }
                }
            }
        }

        @Test
        void keepAlivesKeepAnIdleConversation() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine = transports.forMachine(
                        sshd.address(),
                        sshd.options()
                                .keepAlive(Duration.ofMillis(50))
                                .unansweredKeepAlives(3)
                                .build());
                try (CommandChannel channel = machine.open("sleep 1; echo still here")) {
                    assertThat(text(channel.in())).isEqualTo("still here\n");
                }
            }
        }

        @Test
        void aWriteThatMakesNoProgressEndsTheConnection() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine = transports.forMachine(
                        sshd.address(),
                        sshd.options().writeStall(Duration.ofMillis(500)).build());
                try (CommandChannel channel = machine.open("sleep 20")) {
                    Future<?> write = threads.submit((Callable<Object>) () -> {
                        byte[] bytes = new byte[65_536];
                        while (true) channel.out().write(bytes);
                    });
                    assertThat(failureOf(write)).isInstanceOf(IOException.class).hasMessageContaining("no progress");
                }
            }
        }
    }

    @Nested
    class Endings {

        @Test
        void aServerKilledInMidTransferFailsTheReader() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                try (CommandChannel channel = machine.open("cat /dev/zero")) {
                    CountDownLatch flowing = new CountDownLatch(1);
                    Future<Long> reader = threads.submit(() -> {
                        byte[] bytes = new byte[65_536];
                        long total = 0;
                        for (int n; (n = channel.in().read(bytes)) >= 0; total += n) flowing.countDown();
                        return total;
                    });
                    flowing.await();
                    sshd.kill();
                    assertThat(failureOf(reader))
                            .isInstanceOf(IOException.class)
                            .hasMessageContaining("broke");
                }
            }
        }

        @Test
        void aServerKilledInMidTransferFailsTheWriter() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                try (CommandChannel channel = machine.open("cat > /dev/null")) {
                    CountDownLatch flowing = new CountDownLatch(10);
                    Future<?> writer = threads.submit((Callable<Object>) () -> {
                        byte[] bytes = new byte[65_536];
                        while (true) {
                            channel.out().write(bytes);
                            flowing.countDown();
                        }
                    });
                    flowing.await();
                    sshd.kill();
                    assertThat(failureOf(writer)).isInstanceOf(IOException.class);
                }
            }
        }

        @Test
        void closeFromAnotherThreadUnblocksARead() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                CommandChannel channel = machine.open("sleep 20");
                CountDownLatch reading = new CountDownLatch(1);
                Future<Integer> read = threads.submit(() -> {
                    reading.countDown();
                    return channel.in().read();
                });
                reading.await();
                channel.close();
                assertThat(failureOf(read)).isInstanceOf(IOException.class).hasMessageContaining("closed");
                try (CommandChannel other = machine.open("echo fine")) {
                    assertThat(text(other.in())).isEqualTo("fine\n");
                }
            }
        }

        @Test
        void closeFromAnotherThreadUnblocksAWrite() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                CommandChannel channel = machine.open("sleep 20");
                CountDownLatch writing = new CountDownLatch(20);
                Future<?> write = threads.submit((Callable<Object>) () -> {
                    byte[] bytes = new byte[65_536];
                    while (true) {
                        channel.out().write(bytes);
                        writing.countDown();
                    }
                });
                writing.await();
                channel.close();
                assertThat(failureOf(write)).isInstanceOf(IOException.class).hasMessageContaining("closed");
            }
        }

        @Test
        void aClosedChannelEndsTheProgram() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                CommandChannel channel = machine.open("cat; touch " + dir.resolve("ended"));
                channel.close();
                await("the program ends", () -> Files.exists(dir.resolve("ended")));
            }
        }

        @Test
        void aClosedTransportFailsItsChannelsAndOpensNoMore() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                CommandChannel channel = machine.open("sleep 20");
                Future<Integer> read = threads.submit(() -> channel.in().read());
                machine.close();
                assertThat(failureOf(read)).isInstanceOf(IOException.class);
                assertThatThrownBy(() -> machine.open("true"))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("closed");
            }
        }
    }

    @Nested
    class StandardError {

        @Test
        void whatWasWrittenBeforeAnAnswerIsThereWithTheAnswer() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                String program = "while read n; do head -c $n /dev/zero >&2; echo; done";
                try (CommandChannel channel = machine.open(program)) {
                    java.util.Random random = new java.util.Random(42);
                    for (int i = 0; i < 200; i++) {
                        int bytes = i % 4 == 0 ? random.nextInt(200_000) : random.nextInt(3000);
                        channel.out().write((bytes + "\n").getBytes(UTF_8));
                        channel.out().flush();
                        assertThat(channel.in().read()).isEqualTo('\n');
                        channel.awaitErrors();
                        assertThat(channel.err().available()).as("turn %d", i).isEqualTo(bytes);
                        channel.err().skipNBytes(bytes);
                    }
                }
            }
        }

        @Test
        void awaitingItAfterTheEndReturnsAtOnce() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                CommandChannel channel = machine.open("echo fault >&2");
                assertThat(text(channel.in())).isEmpty();
                channel.awaitErrors();
                assertThat(text(channel.err())).isEqualTo("fault\n");
                channel.close();
                channel.awaitErrors();
            }
        }
    }

    private static UnreachableException unreachable(Transport machine) {
        return catchThrowableOfType(
                UnreachableException.class, () -> machine.open("true").close());
    }

    @Nested
    class Obstacles {
        private Path key() throws Exception {
            Path key = dir.resolve("some-key");
            if (Files.notExists(key)) Sshd.makeKey(key, "ed25519");
            return key;
        }

        private MachineAddress at(String host, int port) throws Exception {
            return new MachineAddress(host, port, "root", Optional.of(key()), Optional.empty());
        }

        private SshClientOptions.Builder options() {
            return SshClientOptions.forHome(dir).knownHosts(List.of(dir.resolve("known_hosts")));
        }

        @Test
        void aNameWithoutAnAddress() throws Exception {
            UnreachableException e = unreachable(transports.forMachine(
                    at("no-such-host.invalid", 22), options().build()));
            assertThat(e.kind()).isEqualTo(Kind.UNKNOWN_HOST);
            assertThat(e).hasMessageContaining("no-such-host.invalid");
        }

        @Test
        void aPortWhereNothingListens() throws Exception {
            int port = Sshd.freePort();
            UnreachableException e = unreachable(
                    transports.forMachine(at(Sshd.HOST, port), options().build()));
            assertThat(e.kind()).isEqualTo(Kind.REFUSED);
            assertThat(e).hasMessageContaining(Sshd.HOST).hasMessageContaining(String.valueOf(port));
        }

        @Test
        void aListenerThatStaysSilent() throws Exception {
            try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName(Sshd.HOST))) {
                UnreachableException e = unreachable(transports.forMachine(
                        at(Sshd.HOST, silent.getLocalPort()),
                        options().handshakeLimit(Duration.ofMillis(300)).build()));
                assertThat(e.kind()).isEqualTo(Kind.TIMED_OUT);
                assertThat(e).hasMessageContaining("300 ms");
            }
        }

        @Test
        void aListenerThatHangsUp() throws Exception {
            try (ServerSocket rude = new ServerSocket(0, 5, InetAddress.getByName(Sshd.HOST))) {
                Future<?> hangingUp = threads.submit((Callable<Object>) () -> {
                    while (true) rude.accept().close();
                });
                UnreachableException e = unreachable(transports.forMachine(
                        at(Sshd.HOST, rude.getLocalPort()), options().build()));
                assertThat(e.kind()).isEqualTo(Kind.BROKEN);
                assertThat(e).hasMessageContaining("before its SSH greeting");
                hangingUp.cancel(true);
            }
        }

        @Test
        void aHostThatHangsUpOnceIsTriedAgain() throws Exception {
            try (Sshd sshd = Sshd.start(dir);
                    ServerSocket door = new ServerSocket(0, 5, InetAddress.getByName(Sshd.HOST))) {
                var _ = threads.submit((Callable<Object>) () -> {
                    door.accept().close();
                    Socket client = door.accept();
                    Socket server = new Socket(Sshd.HOST, sshd.port);
                    var _ = threads.submit(() -> client.getInputStream().transferTo(server.getOutputStream()));
                    return server.getInputStream().transferTo(client.getOutputStream());
                });
                MachineAddress behind = new MachineAddress(
                        Sshd.HOST,
                        door.getLocalPort(),
                        "root",
                        Optional.of(sshd.clientKey),
                        Optional.of(sshd.hostKey()));
                Transport machine = transports.forMachine(behind, sshd.options().build());
                try (CommandChannel channel = machine.open("echo in")) {
                    assertThat(text(channel.in())).isEqualTo("in\n");
                }
            }
        }

        @Test
        void aListenerThatSpeaksSomethingElse() throws Exception {
            try (ServerSocket other = new ServerSocket(0, 5, InetAddress.getByName(Sshd.HOST))) {
                Future<?> talking = threads.submit(() -> {
                    Socket socket = other.accept();
                    byte[] line = "220 mail.example.org ESMTP ready when you are, and chatty\r\n".getBytes(UTF_8);
                    for (int i = 0; i < 2000; i++) socket.getOutputStream().write(line);
                    return socket;
                });
                UnreachableException e = unreachable(transports.forMachine(
                        at(Sshd.HOST, other.getLocalPort()), options().build()));
                assertThat(e.kind()).isEqualTo(Kind.NOT_SSH);
                talking.cancel(true);
            }
        }

        @Test
        void anUnknownHostKey() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Files.writeString(sshd.knownHosts, "other.example.org " + sshd.hostKey() + "\n");
                UnreachableException e = unreachable(
                        transports.forMachine(sshd.address(), sshd.options().build()));
                assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
                assertThat(e).hasMessageContaining(HostKey.parse(sshd.hostKey()).fingerprint());
                assertThat(e.nextStep())
                        .contains("ssh-keyscan -p %d %s >> %s".formatted(sshd.port, Sshd.HOST, sshd.knownHosts));
            }
        }

        @Test
        void aChangedHostKey() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Sshd.makeKey(dir.resolve("old"), "ed25519");
                String old = Files.readString(dir.resolve("old.pub"));
                Files.writeString(sshd.knownHosts, "# a comment\n[%s]:%d %s".formatted(Sshd.HOST, sshd.port, old));
                UnreachableException e = unreachable(
                        transports.forMachine(sshd.address(), sshd.options().build()));
                assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_CHANGED);
                assertThat(e)
                        .hasMessageContaining(HostKey.parse(old).fingerprint())
                        .hasMessageContaining(HostKey.parse(sshd.hostKey()).fingerprint())
                        .hasMessageContaining(sshd.knownHosts + " line 2");
            }
        }

        @Test
        void aHostKeyOtherThanTheMachines() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                String other = HostKey.parse(Files.readString(dir.resolve("client.pub")))
                        .toString();
                UnreachableException e = unreachable(transports.forMachine(
                        withHostKey(sshd, other), sshd.options().build()));
                assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_CHANGED);
                assertThat(e).hasMessageContaining("publicHostKey");
            }
        }

        @Test
        void theMachinesHostKeyNeedsNoKnownHosts() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Files.delete(sshd.knownHosts);
                Transport machine = transports.forMachine(
                        withHostKey(sshd, sshd.hostKey()), sshd.options().build());
                try (CommandChannel channel = machine.open("echo in")) {
                    assertThat(text(channel.in())).isEqualTo("in\n");
                }
            }
        }

        private MachineAddress withHostKey(Sshd sshd, String hostKey) {
            return new MachineAddress(Sshd.HOST, sshd.port, "root", Optional.of(sshd.clientKey), Optional.of(hostKey));
        }

        @Test
        void aHostWithKeysOfSeveralTypesIsAskedForTheKnownOne() throws Exception {
            Sshd.assumeThere();
            Sshd.makeKey(dir.resolve("host-rsa"), "rsa");
            try (Sshd sshd = Sshd.start(dir, "HostKey " + dir.resolve("host-rsa"))) {
                String rsa = Files.readString(dir.resolve("host-rsa.pub"));
                Files.writeString(sshd.knownHosts, "[%s]:%d %s".formatted(Sshd.HOST, sshd.port, rsa));
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                try (CommandChannel channel = machine.open("echo in")) {
                    assertThat(text(channel.in())).isEqualTo("in\n");
                }
            }
        }

        @Test
        void aHashedHostNameIsFound() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Process hashing = new ProcessBuilder("ssh-keygen", "-H", "-f", sshd.knownHosts.toString())
                        .redirectErrorStream(true)
                        .start();
                hashing.getInputStream().readAllBytes();
                assertThat(hashing.waitFor()).isZero();
                assertThat(Files.readString(sshd.knownHosts)).startsWith("|1|");
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                try (CommandChannel channel = machine.open("echo in")) {
                    assertThat(text(channel.in())).isEqualTo("in\n");
                }
            }
        }

        @Test
        void aKeyThatTheHostDoesNotAccept() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                MachineAddress stranger =
                        new MachineAddress(Sshd.HOST, sshd.port, "root", Optional.of(key()), Optional.empty());
                UnreachableException e = unreachable(
                        transports.forMachine(stranger, sshd.options().build()));
                assertThat(e.kind()).isEqualTo(Kind.KEY_REJECTED);
                assertThat(e).hasMessageContaining(key().toString()).hasMessageContaining("root");
                assertThat(e.nextStep()).contains("authorized_keys");
            }
        }

        @Test
        void keysThatCannotBeUsed() throws Exception {
            Sshd.assumeThere();
            Path encrypted = dir.resolve("encrypted");
            Sshd.makeKey(encrypted, "ed25519", "-N", "secret");
            Path pem = dir.resolve("encrypted-pem");
            Sshd.makeKey(pem, "rsa", "-m", "PEM", "-N", "secret");
            Path nonsense = secret("nonsense", "not a key\n");
            Path publicKey = secret("public", Files.readString(dir.resolve("encrypted.pub")));
            for (Path file : List.of(encrypted, pem, nonsense, publicKey, dir.resolve("missing"), dir)) {
                MachineAddress address = new MachineAddress(Sshd.HOST, 22, "root", Optional.of(file), Optional.empty());
                UnreachableException e =
                        unreachable(transports.forMachine(address, options().build()));
                assertThat(e.kind()).as("%s", file).isEqualTo(Kind.KEY_UNUSABLE);
                assertThat(e).hasMessageContaining(file.toString());
                assertThat(e.nextStep()).isNotBlank();
            }
        }

        private Path secret(String name, String text) throws IOException {
            Path file = Files.writeString(dir.resolve(name), text);
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }

        private UnreachableException unusable(Path file) {
            MachineAddress address = new MachineAddress(Sshd.HOST, 22, "root", Optional.of(file), Optional.empty());
            return unreachable(transports.forMachine(address, options().build()));
        }

        @Test
        void keyThatOthersCanReadIsNotUsed() throws Exception {
            Sshd.assumeThere();
            Path key = dir.resolve("open");
            Sshd.makeKey(key, "ed25519");
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
            UnreachableException e = unusable(key);
            assertThat(e.kind()).isEqualTo(Kind.KEY_UNUSABLE);
            assertThat(e).hasMessageContaining("the key file %s can be read by others (rw-r-----)".formatted(key));
            assertThat(e.nextStep()).contains("chmod 600 " + key);
        }

        @Test
        void keysThatAreBrokenAreNotShown() throws Exception {
            Sshd.assumeThere();
            Path ed25519 = dir.resolve("ed25519");
            Sshd.makeKey(ed25519, "ed25519");
            Path rsa = dir.resolve("rsa");
            Sshd.makeKey(rsa, "rsa", "-m", "PEM", "-N", "");
            for (Path good : List.of(ed25519, rsa)) {
                List<String> lines = Files.readAllLines(good);
                String line = lines.get(lines.size() / 2);
                for (String broken : List.of(
                        Files.readString(good).replace(line, "!" + line),
                        Files.readString(good).replace(line, ""),
                        Files.readString(good).replace(line, line.substring(9)),
                        Files.readString(good).replace("-----END", "----END"),
                        line)) {
                    StringWriter all = new StringWriter();
                    UnreachableException e = unusable(secret("broken", broken));
                    e.printStackTrace(new PrintWriter(all));
                    for (String part : lines.subList(1, lines.size() - 1))
                        assertThat(all + e.nextStep()).doesNotContain(part.substring(0, Math.min(20, part.length())));
                }
            }
        }

        @Test
        void noKeyAtAll() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                UnreachableException e = unreachable(transports.forMachine(
                        withoutKey(sshd.port, sshd.hostKey()), options().build()));
                assertThat(e.kind()).isEqualTo(Kind.KEY_UNUSABLE);
                assertThat(e).hasMessageContaining("id_ed25519");
            }
        }

        private MachineAddress withoutKey(int port, String hostKey) {
            return new MachineAddress(Sshd.HOST, port, "root", Optional.empty(), Optional.of(hostKey));
        }

        @Test
        void aHostThatAsksForNoKeyLetsUsInWithoutOne() throws Exception {
            KeyPair keys = HostKeyFile.readOrMake(dir.resolve("host"));
            SshServer open = SshServer.setUpDefaultServer();
            open.setHost(Sshd.HOST);
            open.setKeyPairProvider(KeyPairProvider.wrap(keys));
            open.setServiceFactories(List.of(new AskingNoKey(), ServerConnectionServiceFactory.INSTANCE));
            open.start();
            try {
                Transport machine = transports.forMachine(
                        withoutKey(
                                open.getPort(),
                                KeyFiles.encode(keys.getPublic()).toString()),
                        options().build());
                try (CommandChannel channel = machine.open("echo in")) {
                    assertThatThrownBy(() -> channel.in().read())
                            .as("what comes after the login")
                            .isInstanceOfSatisfying(
                                    UnreachableException.class,
                                    e -> assertThat(e.kind()).isEqualTo(Kind.NO_CHANNEL));
                }
            } finally {
                open.stop(true);
            }
        }

        /// Lets every client in at the first request, which names no method. The library's server never does that.
        private static final class AskingNoKey extends ServerUserAuthServiceFactory {
            @Override
            public Service create(Session session) throws IOException {
                return new ServerUserAuthService(session) {
                    @Override
                    public synchronized void process(int command, Buffer buffer) throws Exception {
                        String user = buffer.getString();
                        String service = buffer.getString();
                        assertThat(buffer.getString()).isEqualTo("none");
                        ((AbstractServerSession) session).signalAuthenticationSuccess(user, service, buffer);
                    }
                };
            }
        }

        @Test
        void theErrorForANameThatMayBeAnAliasSaysWhatToWrite() throws Exception {
            UnreachableException e = unreachable(transports.forMachine(
                    at("no-such-host.invalid", 22), options().build()));
            assertThat(e.nextStep())
                    .contains("ssh_config is not read for it")
                    .contains("hostName, port, sshUser, sshKey and publicHostKey");
        }

        @Test
        void theErrorForANameThatMayBeAnAliasSaysWhereItWasLookedUp() throws Exception {
            Path config = Files.writeString(dir.resolve("config"), "Host other\n  Port 5\n");
            MachineAddress alias = at("no-such-host.invalid", 22)
                    .withReach(Reach.stating(false, false).withSshConfig(List.of(config)));
            UnreachableException e =
                    unreachable(transports.forMachine(alias, options().build()));
            assertThat(e.nextStep()).contains("if it is an alias, see why none of %s has it".formatted(config));
        }

        @Test
        void aKeyThatSomebodyElseOwnsIsUsedThoughOthersCanReadIt() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                Files.setPosixFilePermissions(sshd.clientKey, PosixFilePermissions.fromString("r--r--r--"));
                Files.setAttribute(sshd.clientKey, "unix:uid", 12345);
                Transport machine =
                        transports.forMachine(sshd.address(), sshd.options().build());
                try (CommandChannel channel = machine.open("echo in")) {
                    assertThat(text(channel.in())).isEqualTo("in\n");
                }
            }
        }

        @Test
        void keysOfEveryUsualTypeAndFormatWork() throws Exception {
            try (Sshd sshd = Sshd.start(dir)) {
                List<List<String>> kinds = List.of(
                        List.of("ed25519"),
                        List.of("ecdsa"),
                        List.of("rsa"),
                        List.of("ecdsa", "-b", "521", "-N", ""),
                        List.of("rsa", "-m", "PEM", "-N", ""),
                        List.of("ecdsa", "-m", "PEM", "-N", ""),
                        List.of("rsa", "-m", "PKCS8", "-N", ""));
                for (int i = 0; i < kinds.size(); i++) {
                    Path file = dir.resolve("key" + i);
                    List<String> kind = kinds.get(i);
                    Sshd.makeKey(
                            file, kind.getFirst(), kind.subList(1, kind.size()).toArray(String[]::new));
                    Files.copy(
                            dir.resolve("key" + i + ".pub"),
                            dir.resolve("authorized_keys"),
                            java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                    MachineAddress address =
                            new MachineAddress(Sshd.HOST, sshd.port, "root", Optional.of(file), Optional.empty());
                    Transport machine =
                            transports.forMachine(address, sshd.options().build());
                    try (CommandChannel channel = machine.open("echo in")) {
                        assertThat(text(channel.in())).as("%s", kind).isEqualTo("in\n");
                    }
                    machine.close();
                }
            }
        }

        @Test
        void interruptingTheCallerEndsItsWait() throws Exception {
            try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName(Sshd.HOST))) {
                Transport machine = transports.forMachine(
                        at(Sshd.HOST, silent.getLocalPort()), options().build());
                CountDownLatch ended = new CountDownLatch(1);
                Thread caller = Thread.ofVirtual().start(() -> {
                    try {
                        machine.open("true");
                    } catch (InterruptedException e) {
                        ended.countDown();
                    } catch (IOException e) {
                        // then the latch stays as it is
                    }
                });
                silent.accept();
                caller.interrupt();
                assertThat(ended.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            }
        }

        @Test
        void allWhoWaitForAHandshakeLearnWhyItFailed() throws Exception {
            int port = Sshd.freePort();
            Transport machine =
                    transports.forMachine(at(Sshd.HOST, port), options().build());
            List<Future<CommandChannel>> opening = new ArrayList<>();
            for (int i = 0; i < 25; i++) opening.add(threads.submit(() -> machine.open("true")));
            for (Future<CommandChannel> each : opening) {
                assertThat(failureOf(each)).isInstanceOf(UnreachableException.class);
            }
        }
    }
}
