package dispatcher.ssh.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dispatcher.access.ClientLimits;
import dispatcher.access.ClientRules;
import dispatcher.machine.MachineAddress;
import dispatcher.protocol.ClientProtocol;
import dispatcher.protocol.Conversation;
import dispatcher.protocol.ConversationHandler;
import dispatcher.ssh.Sshd;
import dispatcher.ssh.client.SshClientOptions;
import dispatcher.ssh.client.SshTransports;
import dispatcher.ssh.keys.KeyFiles;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.Untaken;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.ChannelListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
@Tag("sshd")
class SshFrontEndTest {
    private static final String HOST = "127.0.3.2";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /// One for each task: the shared pool has only as many threads as the host has cores.
    private static final Executor THREADS = task -> Thread.ofVirtual().start(task);

    private static final int MEGABYTE = 1 << 20;

    @TempDir
    private Path dir;

    private final SshTransports transports = new SshTransports();
    private final List<SshFrontEnd> frontEnds = new ArrayList<>();

    @BeforeEach
    void makeKeys() throws Exception {
        assumeTrue(hasOpenSsh(), "no ssh and ssh-keygen: install openssh-client");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwx------"));
        Sshd.makeKey(dir.resolve("client"), "ed25519", "-N", "", "-C", "laptop of Ada");
        Files.copy(dir.resolve("client.pub"), dir.resolve("authorized_keys"));
    }

    private static boolean hasOpenSsh() {
        return Files.isExecutable(Path.of("/usr/bin/ssh")) && Files.isExecutable(Path.of("/usr/bin/ssh-keygen"));
    }

    @AfterEach
    void close() {
        transports.close();
        frontEnds.forEach(SshFrontEnd::close);
    }

    private SshFrontEndOptions options() {
        return SshFrontEndOptions.of(
                HOST,
                0,
                dir.resolve("keys/host"),
                dir.resolve("authorized_keys"),
                ClientRules.NONE,
                ClientLimits.DEFAULT);
    }

    private SshFrontEnd start(ConversationHandler handler) throws IOException {
        return start(options(), handler);
    }

    private SshFrontEnd start(SshFrontEndOptions options, ConversationHandler handler) throws IOException {
        SshFrontEnd frontEnd = SshFrontEnd.start(options, handler);
        frontEnds.add(frontEnd);
        Files.writeString(
                dir.resolve("known_hosts"),
                "[%s]:%d %s\n".formatted(HOST, frontEnd.boundPort(), frontEnd.publicHostKeyLine()));
        return frontEnd;
    }

    /// Names the protocol and the client, then gives back what comes.
    private static int echo(ClientProtocol protocol, Conversation conversation) {
        try {
            conversation.err().write((conversation.client().name() + "\n").getBytes(UTF_8));
            conversation.err().flush();
            conversation.out().write((protocol + "\n").getBytes(UTF_8));
            conversation.out().flush();
            byte[] bytes = new byte[65_536];
            for (int n; (n = conversation.in().read(bytes)) >= 0; ) {
                conversation.out().write(bytes, 0, n);
                if (conversation.in().available() == 0) conversation.out().flush();
            }
            conversation.out().flush();
            return 0;
        } catch (IOException e) {
            return 7;
        }
    }

    record Result(int status, String out, String err) {}

    private ProcessBuilder ssh(SshFrontEnd frontEnd, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "/usr/bin/ssh",
                "-F",
                "none",
                "-i",
                dir.resolve("client").toString(),
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "UserKnownHostsFile=" + dir.resolve("known_hosts"),
                "-o",
                "BatchMode=yes",
                "-p",
                String.valueOf(frontEnd.boundPort()),
                "nix@" + HOST));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    private static Result run(ProcessBuilder builder, String input) throws Exception {
        Process process = builder.start();
        CompletableFuture<String> err = CompletableFuture.supplyAsync(() -> read(process.getErrorStream()), THREADS);
        process.getOutputStream().write(input.getBytes(UTF_8));
        process.getOutputStream().close();
        String out = read(process.getInputStream());
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out, err.get());
    }

    private static String read(InputStream in) {
        try {
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private MachineAddress address(SshFrontEnd frontEnd) {
        return new MachineAddress(
                HOST,
                frontEnd.boundPort(),
                "nix",
                Optional.of(dir.resolve("client")),
                Optional.of(frontEnd.publicHostKeyLine()));
    }

    private Transport transport(SshFrontEnd frontEnd) {
        return transports.forMachine(
                address(frontEnd), SshClientOptions.forHome(dir).build());
    }

    @Nested
    class OpenSshClient {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "nix-daemon --stdio",
                    "/run/current-system/sw/bin/nix-daemon --stdio --store '/a b'\\''c'",
                    "sudo nix-daemon --stdio --process-ops"
                })
        void speaksTheWorkerProtocol(String command) throws Exception {
            Result result = run(ssh(start(SshFrontEndTest::echo), command), "hello");
            assertThat(result).isEqualTo(new Result(0, "WORKER\nhello", "laptop of Ada\n"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"nix-store --serve --write", "nix-store --serve"})
        void speaksTheServeProtocol(String command) throws Exception {
            Result result = run(ssh(start(SshFrontEndTest::echo), command), "hello");
            assertThat(result).isEqualTo(new Result(0, "SERVE\nhello", "laptop of Ada\n"));
        }

        @Test
        void choosesAMachineByItsLogin() throws Exception {
            BlockingQueue<Optional<String>> machines = new LinkedBlockingQueue<>();
            SshFrontEnd frontEnd = start((_, conversation) -> {
                machines.add(conversation.client().machine());
                return 0;
            });
            ProcessBuilder chosen = ssh(frontEnd, "nix-daemon --stdio");
            chosen.command().replaceAll(word -> word.replace("nix@", "machine+arm-1@"));

            assertThat(run(chosen, "").status()).isZero();
            assertThat(run(ssh(frontEnd, "nix-daemon --stdio"), "").status()).isZero();

            assertThat(machines).containsExactly(Optional.of("arm-1"), Optional.empty());
        }

        @Test
        void getsTheHandlersExitStatus() throws Exception {
            assertThat(run(ssh(start((_, _) -> 42), "nix-daemon --stdio"), "").status())
                    .isEqualTo(42);
        }

        @Test
        void isRefusedAnotherCommandWithTheReason() throws Exception {
            Result result = run(ssh(start(SshFrontEndTest::echo), "uname -a"), "");
            assertThat(result.status()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .isEqualTo("this is a Nix build dispatcher: it runs `nix-daemon --stdio` and "
                            + "`nix-store --serve --write` only, not 'uname -a'\n");
        }

        @Test
        void isRefusedAShellWithTheReason() throws Exception {
            Result result = run(ssh(start(SshFrontEndTest::echo)), "id\n");
            assertThat(result.status()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).contains("not a shell");
        }

        @Test
        void getsNoTerminal() throws Exception {
            Result result = run(ssh(start(SshFrontEndTest::echo), "-tt"), "id\n");
            assertThat(result.status()).isNotZero();
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).contains("PTY allocation request failed");
        }

        @Test
        void getsNoSubsystem() throws Exception {
            Result result = run(ssh(start(SshFrontEndTest::echo), "-s", "sftp"), "");
            assertThat(result.status()).isNotZero();
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).contains("subsystem request failed");
        }

        @Test
        void getsNoForwarding() throws Exception {
            SshFrontEnd frontEnd = start(SshFrontEndTest::echo);
            Result remote = run(ssh(frontEnd, "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "-N"), "");
            assertThat(remote.status()).isEqualTo(255);
            assertThat(remote.err()).contains("remote port forwarding failed");
            Result through = run(ssh(frontEnd, "-W", "127.0.0.1:" + frontEnd.boundPort()), "");
            assertThat(through.status()).isEqualTo(255);
        }

        @Test
        void mayUseSeveralChannelsOfOneConnection() throws Exception {
            SshFrontEnd frontEnd = start(SshFrontEndTest::echo);
            String socket = dir.resolve("mux").toString();
            Process master = ssh(frontEnd, "-M", "-N", "-S", socket)
                    .redirectErrorStream(true)
                    .start();
            try {
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                while (Files.notExists(Path.of(socket)) && System.nanoTime() < deadline) Thread.onSpinWait();
                for (int i = 0; i < 3; i++) {
                    Result result = run(ssh(frontEnd, "-S", socket, "nix-daemon --stdio"), "turn " + i);
                    assertThat(result.out()).isEqualTo("WORKER\nturn " + i);
                }
            } finally {
                master.destroy();
                assertThat(master.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
            }
        }

        @Test
        void isRefusedWithAnotherKey() throws Exception {
            SshFrontEnd frontEnd = start(SshFrontEndTest::echo);
            Files.delete(dir.resolve("client"));
            Files.delete(dir.resolve("client.pub"));
            Sshd.makeKey(dir.resolve("client"), "ed25519");
            Result result = run(ssh(frontEnd, "nix-daemon --stdio"), "");
            assertThat(result.status()).isEqualTo(255);
            assertThat(result.err()).contains("Permission denied (publickey)");
        }

        @Test
        void mayOfferSeveralKeysBeforeTheRightOne() throws Exception {
            SshFrontEnd frontEnd = start(SshFrontEndTest::echo);
            ProcessBuilder ssh = ssh(frontEnd, "nix-daemon --stdio");
            List<String> others = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                Sshd.makeKey(dir.resolve("other" + i), "ed25519");
                others.addAll(List.of("-i", dir.resolve("other" + i).toString()));
            }
            ssh.command().addAll(1, others);
            assertThat(run(ssh, "").status()).isZero();
        }

        @ParameterizedTest
        @ValueSource(strings = {"rsa", "ecdsa"})
        void mayHaveAKeyOfAnotherType(String type) throws Exception {
            Files.delete(dir.resolve("client"));
            Files.delete(dir.resolve("client.pub"));
            Sshd.makeKey(dir.resolve("client"), type, "-N", "", "-C", "old laptop");
            Files.writeString(
                    dir.resolve("authorized_keys"),
                    "no-pty,environment=\"A=b c\" " + Files.readString(dir.resolve("client.pub")));
            Result result = run(ssh(start(SshFrontEndTest::echo), "nix-daemon --stdio"), "");
            assertThat(result).isEqualTo(new Result(0, "WORKER\n", "old laptop\n"));
        }

        @Test
        void isLetInOnceItsKeyHasBeenAdded() throws Exception {
            String key = Files.readString(dir.resolve("authorized_keys"));
            Files.writeString(dir.resolve("authorized_keys"), "# no client yet\nnonsense\n");
            SshFrontEnd frontEnd = start(SshFrontEndTest::echo);
            assertThat(run(ssh(frontEnd, "nix-daemon --stdio"), "").status()).isEqualTo(255);
            Files.writeString(dir.resolve("authorized_keys"), key, StandardOpenOption.APPEND);
            assertThat(run(ssh(frontEnd, "nix-daemon --stdio"), "").status()).isZero();
            Files.writeString(dir.resolve("authorized_keys"), "# no client any more\n");
            assertThat(run(ssh(frontEnd, "nix-daemon --stdio"), "").status()).isEqualTo(255);
        }

        private void restrict(String options) throws IOException {
            Files.writeString(
                    dir.resolve("authorized_keys"), options + " " + Files.readString(dir.resolve("client.pub")));
        }

        @Test
        void mayDoWhatTheCommandOfItsKeySays() throws Exception {
            restrict("command=\"nix-store --serve\",restrict");
            SshFrontEnd frontEnd =
                    start((protocol, conversation) -> conversation.writes() ? 1 : echo(protocol, conversation));
            assertThat(run(ssh(frontEnd, "nix-store --serve --write"), "").out())
                    .isEqualTo("SERVE\n");
            Result worker = run(ssh(frontEnd, "nix-daemon --stdio"), "");
            assertThat(worker.status()).isEqualTo(1);
            assertThat(worker.out()).isEmpty();
            assertThat(worker.err()).contains("dispatcher: your key permits `nix-store --serve` only");
        }

        @Test
        void isRefusedFromWhereItsKeyMayNotComeIn() throws Exception {
            restrict("from=\"127.0.9.0/24\"");
            SshFrontEnd frontEnd = start(SshFrontEndTest::echo);
            ProcessBuilder elsewhere = ssh(frontEnd, "nix-daemon --stdio");
            elsewhere.command().addAll(1, List.of("-b", "127.0.8.1"));
            assertThat(run(elsewhere, "").err()).contains("Permission denied (publickey)");
            ProcessBuilder there = ssh(frontEnd, "nix-daemon --stdio");
            there.command().addAll(1, List.of("-b", "127.0.9.1"));
            assertThat(run(there, "").out()).isEqualTo("WORKER\n");
        }

        @Test
        void maySendItsEnvironment() throws Exception {
            ProcessBuilder ssh = ssh(start(SshFrontEndTest::echo), "nix-daemon --stdio");
            ssh.command().addAll(1, List.of("-o", "SetEnv=LANG=de_DE.UTF-8 FOO=bar"));
            assertThat(run(ssh, "").status()).isZero();
        }
    }

    @Nested
    class Conversations {

        @Test
        void itIsKnownHowMuchOfTheLogAClientHasNotTaken() throws Exception {
            CompletableFuture<Untaken> written = new CompletableFuture<>();
            SshFrontEnd frontEnd = start((_, conversation) -> {
                try {
                    conversation.err().write(new byte[MEGABYTE]);
                    conversation.err().flush();
                    written.complete((Untaken) conversation.err());
                    conversation.in().readAllBytes();
                    return 0;
                } catch (IOException e) {
                    written.completeExceptionally(e);
                    return 1;
                }
            });
            Process client = ssh(frontEnd, "nix-store --serve --write").start();
            try {
                Untaken log = written.get(30, TimeUnit.SECONDS);
                assertThat(log.untaken()).isGreaterThan(MEGABYTE / 2);

                assertThat(client.getErrorStream().readNBytes(MEGABYTE)).hasSize(MEGABYTE);
                long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                while (log.untaken() > 0) {
                    assertThat(System.nanoTime()).as("the time that it takes").isLessThan(deadline);
                    Thread.onSpinWait();
                }
            } finally {
                client.destroyForcibly();
            }
        }

        @Test
        void megabytesGoThroughBothWaysUnchanged() throws Exception {
            try (CommandChannel channel =
                    transport(start(SshFrontEndTest::echo)).open("nix-daemon --stdio")) {
                byte[] sent = new byte[32 << 20];
                new java.util.Random(3).nextBytes(sent);
                Thread.ofVirtual().start(() -> {
                    try (OutputStream out = channel.out()) {
                        out.write(sent);
                    } catch (IOException e) {
                        // then less comes back
                    }
                });
                assertThat(channel.in().readNBytes("WORKER\n".length())).isEqualTo("WORKER\n".getBytes(UTF_8));
                assertThat(Arrays.equals(channel.in().readAllBytes(), sent)).isTrue();
                assertThat(channel.exitStatus(PATIENCE)).isEqualTo(OptionalInt.of(0));
            }
        }

        @Test
        void aClientThatGoesEndsTheInput() throws Exception {
            BlockingQueue<Integer> last = new LinkedBlockingQueue<>();
            CommandChannel channel = transport(start((_, conversation) -> {
                        try {
                            last.add(conversation.in().read());
                            last.add(conversation.in().read());
                        } catch (IOException e) {
                            last.add(-2);
                        }
                        return 0;
                    }))
                    .open("nix-daemon --stdio");
            channel.out().write('x');
            channel.out().flush();
            assertThat(last.poll(20, TimeUnit.SECONDS)).isEqualTo('x');
            transports.close();
            assertThat(last.poll(20, TimeUnit.SECONDS)).isEqualTo(-1);
        }

        @RepeatedTest(10)
        void aClientThatGoesFailsTheOutput() throws Exception {
            BlockingQueue<String> fault = new LinkedBlockingQueue<>();
            CountDownLatch writing = new CountDownLatch(1);
            transport(start((_, conversation) -> {
                        byte[] bytes = new byte[65_536];
                        try {
                            while (true) {
                                conversation.out().write(bytes);
                                writing.countDown();
                            }
                        } catch (IOException e) {
                            fault.add(String.valueOf(e.getMessage()));
                        }
                        return 0;
                    }))
                    .open("nix-daemon --stdio");
            writing.await();
            transports.close();
            assertThat(fault.poll(20, TimeUnit.SECONDS))
                    .contains("laptop of Ada")
                    .contains("has gone");
        }

        @Test
        void aClientThatStopsReadingIsGivenUp() throws Exception {
            SshFrontEndOptions o = options();
            SshFrontEndOptions impatient = new SshFrontEndOptions(
                    o.host(),
                    o.port(),
                    o.hostKey(),
                    o.authorizedKeys(),
                    o.rules(),
                    o.limits(),
                    o.maxKeys(),
                    o.keepAlive(),
                    Duration.ofMillis(400),
                    o.windowBytes());
            BlockingQueue<String> fault = new LinkedBlockingQueue<>();
            transport(start(impatient, (_, conversation) -> {
                        byte[] bytes = new byte[65_536];
                        try {
                            while (true) conversation.out().write(bytes);
                        } catch (IOException e) {
                            fault.add(String.valueOf(e.getMessage()));
                        }
                        return 0;
                    }))
                    .open("nix-daemon --stdio");
            assertThat(fault.poll(20, TimeUnit.SECONDS)).isNotNull();
        }

        @Test
        void closeInterruptsThemAndReturns() throws Exception {
            CountDownLatch started = new CountDownLatch(2);
            CountDownLatch ended = new CountDownLatch(2);
            SshFrontEnd frontEnd = start((protocol, conversation) -> {
                started.countDown();
                try {
                    if (protocol == ClientProtocol.WORKER) new CountDownLatch(1).await();
                    else if (conversation.in().read() < 0) ended.countDown();
                } catch (InterruptedException | IOException e) {
                    ended.countDown();
                }
                return 1;
            });
            Transport transport = transport(frontEnd);
            CommandChannel worker = transport.open("nix-daemon --stdio");
            transport.open("nix-store --serve --write");
            started.await();
            frontEnd.close();
            assertThat(ended.getCount()).isZero();
            assertThat(endOf(worker)).isTrue();
        }

        /// An end after an exit status, or a failure after a broken connection.
        private boolean endOf(CommandChannel channel) {
            try {
                return channel.in().read() < 0;
            } catch (IOException e) {
                return true;
            }
        }

        @Test
        void aFaultInOneIsAnExitStatusAndNoMore() throws Exception {
            SshFrontEnd frontEnd = start((protocol, _) -> {
                if (protocol == ClientProtocol.SERVE) throw new IllegalStateException("a fault made for this test");
                return 0;
            });
            try (CommandChannel channel = transport(frontEnd).open("nix-store --serve")) {
                assertThat(channel.exitStatus(PATIENCE)).isEqualTo(OptionalInt.of(1));
            }
            try (CommandChannel channel = transport(frontEnd).open("nix-daemon --stdio")) {
                assertThat(channel.exitStatus(PATIENCE)).isEqualTo(OptionalInt.of(0));
            }
        }

        @Test
        void anErrorInOneIsAnExitStatusAndNoMore() throws Exception {
            SshFrontEnd frontEnd = start((protocol, _) -> {
                if (protocol == ClientProtocol.SERVE) throw new OutOfMemoryError("made for this test");
                throw new StackOverflowError("made for this test");
            });
            for (String command : List.of("nix-store --serve --write", "nix-daemon --stdio")) {
                try (CommandChannel channel = transport(frontEnd).open(command)) {
                    assertThat(channel.exitStatus(PATIENCE)).isEqualTo(OptionalInt.of(1));
                }
            }
            awaitIdle(frontEnd);
        }

        private void awaitIdle(SshFrontEnd frontEnd) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (frontEnd.running() > 0 && System.nanoTime() < deadline) Thread.onSpinWait();
            assertThat(frontEnd.running()).isZero();
        }

        @Test
        void nothingIsLeftOfThem() throws Exception {
            SshFrontEnd frontEnd = start(SshFrontEndTest::echo);
            Transport transport = transport(frontEnd);
            for (int i = 0; i < 20; i++) {
                CommandChannel channel = transport.open("nix-daemon --stdio");
                if (i % 2 == 0) channel.close();
            }
            transports.close();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while ((frontEnd.running() > 0 || frontEnd.connections() > 0) && System.nanoTime() < deadline)
                Thread.onSpinWait();
            assertThat(frontEnd.running()).isZero();
            assertThat(frontEnd.connections()).isZero();
        }

        @Test
        void theClientsAddressIsKnown() throws Exception {
            CompletableFuture<String> address = new CompletableFuture<>();
            SshFrontEnd frontEnd = start((_, conversation) -> {
                address.complete(conversation.client().address());
                return 0;
            });
            try (CommandChannel channel = transport(frontEnd).open("nix-daemon --stdio")) {
                assertThat(channel.exitStatus(PATIENCE)).isPresent();
                assertThat(address.get()).matches("127\\.\\d+\\.\\d+\\.\\d+:\\d+");
            }
        }
    }

    @Nested
    class Doors {

        private ClientLimits limits(int connections, Duration loginTime) {
            return new ClientLimits(connections, 100, 100, 100, 100, 100, loginTime, 100, 1, 1, 1);
        }

        private SshFrontEndOptions with(ClientLimits limits) {
            SshFrontEndOptions o = options();
            return new SshFrontEndOptions(
                    o.host(),
                    o.port(),
                    o.hostKey(),
                    o.authorizedKeys(),
                    o.rules(),
                    limits,
                    o.maxKeys(),
                    o.keepAlive(),
                    o.writeStall(),
                    o.windowBytes());
        }

        @Test
        void whoDoesNotLogInIsSentAway() throws Exception {
            SshFrontEnd frontEnd = start(with(limits(10, Duration.ofMillis(500))), SshFrontEndTest::echo);
            try (Socket socket = connect(frontEnd)) {
                socket.getOutputStream().write("SSH-2.0-silent\r\n".getBytes(UTF_8));
                socket.setSoTimeout((int) PATIENCE.toMillis());
                assertThat(socket.getInputStream().readAllBytes()).isNotEmpty();
            }
        }

        @Test
        void connectionThatIsOneTooManyGetsTheReason() throws Exception {
            SshFrontEnd frontEnd = start(with(limits(2, Duration.ofSeconds(30))), SshFrontEndTest::echo);
            try (Socket first = connect(frontEnd);
                    Socket second = connect(frontEnd)) {
                assertThat(first.getInputStream().read()).isEqualTo('S');
                assertThat(second.getInputStream().read()).isEqualTo('S');
                Result third = run(ssh(frontEnd, "nix-daemon --stdio"), "");
                assertThat(third.status()).isEqualTo(255);
                assertThat(third.err()).contains("this dispatcher has 2 connections, which is all it allows");
            }
            awaitConnections(frontEnd, 0);
            assertThat(run(ssh(frontEnd, "nix-daemon --stdio"), "").status()).isZero();
        }

        private void awaitConnections(SshFrontEnd frontEnd, int count) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (frontEnd.connections() != count && System.nanoTime() < deadline) Thread.onSpinWait();
            assertThat(frontEnd.connections()).isEqualTo(count);
        }

        private ProcessBuilder from(String address, ProcessBuilder ssh) {
            ssh.command().addAll(1, List.of("-b", address));
            return ssh;
        }

        @Test
        void oneAddressCannotTakeAllConnections() throws Exception {
            ClientLimits one = new ClientLimits(10, 1, 10, 10, 10, 10, Duration.ofSeconds(30), 10, 1, 1, 1);
            SshFrontEnd frontEnd = start(with(one), SshFrontEndTest::echo);
            try (Socket first = connect(frontEnd)) {
                assertThat(first.getInputStream().read()).isEqualTo('S');
                String own = first.getLocalAddress().getHostAddress();
                Result same = run(from(own, ssh(frontEnd, "nix-daemon --stdio")), "");
                assertThat(same.err()).contains("1 connections from your address");
                Result other = run(from("127.0.9.2", ssh(frontEnd, "nix-daemon --stdio")), "");
                assertThat(other.status()).isZero();
            }
        }

        @Test
        void oneKeyCannotTakeAllConnections() throws Exception {
            ClientLimits one = new ClientLimits(10, 10, 1, 10, 10, 10, Duration.ofSeconds(30), 10, 1, 1, 1);
            SshFrontEnd frontEnd = start(with(one), SshFrontEndTest::echo);
            Process first = ssh(frontEnd, "nix-daemon --stdio").start();
            try {
                assertThat(first.getInputStream().read()).isEqualTo('W');
                Result second = run(from("127.0.9.2", ssh(frontEnd, "nix-daemon --stdio")), "");
                assertThat(second.status()).isEqualTo(1);
                assertThat(second.err()).contains("dispatcher: you have 1 connections with this key");
            } finally {
                first.destroyForcibly().waitFor();
            }
        }

        private SshFrontEnd withChannels(int most, ConversationHandler handler) throws IOException {
            return start(
                    with(new ClientLimits(100, 100, 100, most, 100, 100, Duration.ofSeconds(30), 10, 1, 1, 1)),
                    handler);
        }

        @Test
        void sshThatSharesAConnectionMakesOneOfItsOwnBeyondItsChannels() throws Exception {
            CountDownLatch go = new CountDownLatch(1);
            BlockingQueue<String> addresses = new LinkedBlockingQueue<>();
            SshFrontEnd frontEnd = withChannels(3, (_, conversation) -> {
                addresses.add(conversation.client().address());
                try {
                    go.await();
                    conversation.out().write("built\n".getBytes(UTF_8));
                    conversation.out().flush();
                    return 0;
                } catch (IOException | InterruptedException e) {
                    return 7;
                }
            });
            String socket = dir.resolve("master").toString();
            Process master = ssh(frontEnd, "-M", "-N", "-S", socket).start();
            try {
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                while (Files.notExists(Path.of(socket)) && System.nanoTime() < deadline) Thread.onSpinWait();
                List<CompletableFuture<Result>> builds = new ArrayList<>();
                List<String> seen = new ArrayList<>();
                for (int i = 0; i < 6; i++) {
                    ProcessBuilder build = ssh(frontEnd, "nix-daemon --stdio");
                    build.command().addAll(1, List.of("-S", socket));
                    builds.add(CompletableFuture.supplyAsync(() -> unchecked(build), THREADS));
                    seen.add(addresses.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS));
                }
                go.countDown();
                assertThat(seen).doesNotContainNull();
                for (CompletableFuture<Result> build : builds) {
                    assertThat(build.get().status()).as("%s", build.get()).isZero();
                    assertThat(build.get().out()).isEqualTo("built\n");
                }
                assertThat(seen.stream().distinct()).as("connections").hasSize(4);
            } finally {
                master.destroyForcibly().waitFor();
            }
        }

        private static Result unchecked(ProcessBuilder builder) {
            try {
                return run(builder, "");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        private ClientSession login(SshClient client, SshFrontEnd frontEnd) throws Exception {
            client.setServerKeyVerifier((_, _, _) -> true);
            client.start();
            ClientSession session = client.connect("nix", HOST, frontEnd.boundPort())
                    .verify(PATIENCE)
                    .getClientSession();
            session.addPublicKeyIdentity(
                    KeyFiles.parse(dir.resolve("client"), Files.readAllBytes(dir.resolve("client"))));
            session.auth().verify(PATIENCE);
            return session;
        }

        /// A client that has ended its input closes the channel when it sees the end of the output.
        @Test
        void exitStatusIsSentBeforeTheEndOfTheOutput() throws Exception {
            SshFrontEnd frontEnd = start(SshFrontEndTest::echo);
            List<String> events = Collections.synchronizedList(new ArrayList<>());
            try (SshClient client = SshClient.setUpDefaultClient();
                    ClientSession session = login(client, frontEnd)) {
                ChannelExec channel = session.createExecChannel("nix-daemon --stdio");
                channel.addChannelListener(new ChannelListener() {
                    @Override
                    public void channelStateChanged(Channel it, String hint) {
                        events.add(hint);
                    }
                });
                channel.open().verify(PATIENCE);
                channel.getInvertedIn().close();
                channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), PATIENCE);
                assertThat(channel.getExitStatus()).isZero();
                assertThat(events).containsSubsequence("exit-status", "SSH_MSG_CHANNEL_EOF");
            }
        }

        @Test
        void refusedChannelGetsTheReasonAndLeavesNothingBehind() throws Exception {
            SshFrontEnd frontEnd = withChannels(2, SshFrontEndTest::echo);
            try (SshClient client = SshClient.setUpDefaultClient();
                    ClientSession session = login(client, frontEnd)) {
                for (int burst = 0; burst < 5; burst++) {
                    ChannelExec first = session.createExecChannel("nix-daemon --stdio");
                    first.open().verify(PATIENCE);
                    ChannelExec second = session.createExecChannel("nix-daemon --stdio");
                    second.open().verify(PATIENCE);
                    for (int i = 0; i < 20; i++) {
                        ChannelExec beyond = session.createExecChannel("nix-daemon --stdio");
                        assertThatThrownBy(() -> beyond.open().verify(PATIENCE))
                                .hasMessageContaining("there are 2 channels on this connection");
                    }
                    assertThat(frontEnd.channels()).isEqualTo(2);
                    first.close(false).await(PATIENCE);
                    second.close(false).await(PATIENCE);
                    long deadline = System.nanoTime() + PATIENCE.toNanos();
                    while (frontEnd.channels() > 0 && System.nanoTime() < deadline) Thread.onSpinWait();
                    assertThat(frontEnd.channels()).isZero();
                }
            }
        }

        @Test
        void channelWithoutACommandMaySendLittleAndOneWithACommandMuch() throws Exception {
            CountDownLatch go = new CountDownLatch(1);
            SshFrontEnd frontEnd = withChannels(20, (protocol, conversation) -> {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    return 9;
                }
                return echo(protocol, conversation);
            });
            try (SshClient client = SshClient.setUpDefaultClient();
                    ClientSession session = login(client, frontEnd)) {
                long all = 0;
                for (int i = 0; i < 20; i++) {
                    ChannelExec channel = session.createExecChannel("nix-daemon --stdio");
                    channel.open().verify(PATIENCE);
                    long deadline = System.nanoTime() + PATIENCE.toNanos();
                    // The confirmation grants the small window, and the start of the command the rest.
                    while (channel.getRemoteWindow().getSize() <= ChannelWindows.SMALL && System.nanoTime() < deadline)
                        Thread.onSpinWait();
                    long window = channel.getRemoteWindow().getSize();
                    if (i < 4)
                        assertThat(window)
                                .as("window %d", i)
                                .isEqualTo(options().windowBytes());
                    all += window;
                }
                assertThat(all).isLessThanOrEqualTo(ChannelWindows.BYTES + 20L * ChannelWindows.SMALL);
                go.countDown();
            }
        }

        @Test
        void goodKeyGetsInWhereLoginsKeepFailing() throws Exception {
            ClientLimits strict = new ClientLimits(10, 10, 10, 10, 10, 10, Duration.ofSeconds(30), 1, 1, 1, 1);
            SshFrontEnd frontEnd = start(with(strict), SshFrontEndTest::echo);
            Sshd.makeKey(dir.resolve("stranger"), "ed25519");
            for (int i = 0; i < 3; i++) {
                ProcessBuilder ssh = from("127.0.9.1", ssh(frontEnd, "nix-daemon --stdio"));
                ssh.command()
                        .replaceAll(word -> word.equals(dir.resolve("client").toString())
                                ? dir.resolve("stranger").toString()
                                : word);
                Result failed = run(ssh, "");
                assertThat(failed.status()).isEqualTo(255);
                assertThat(failed.err()).contains("Permission denied (publickey)");
                awaitConnections(frontEnd, 0);
            }
            Result good = run(from("127.0.9.1", ssh(frontEnd, "nix-daemon --stdio")), "");
            assertThat(good).isEqualTo(new Result(0, "WORKER\n", "laptop of Ada\n"));
        }

        @Test
        void silentConnectionsKeepNoClientOut() throws Exception {
            ClientLimits few = new ClientLimits(100, 100, 100, 10, 8, 8, Duration.ofSeconds(30), 10, 1, 1, 1);
            SshFrontEnd frontEnd = start(with(few), SshFrontEndTest::echo);
            List<Socket> silent = new ArrayList<>();
            try {
                for (int i = 0; i < 8; i++) {
                    silent.add(connect(frontEnd));
                    assertThat(silent.getLast().getInputStream().read()).isEqualTo('S');
                }
                Result other = run(from("127.0.9.2", ssh(frontEnd, "nix-daemon --stdio")), "");
                assertThat(other).isEqualTo(new Result(0, "WORKER\n", "laptop of Ada\n"));
                // The first had to go, and got the reason.
                silent.getFirst().setSoTimeout((int) PATIENCE.toMillis());
                assertThat(new String(silent.getFirst().getInputStream().readAllBytes(), US_ASCII))
                        .contains("others wait to log in to this dispatcher");
            } finally {
                for (Socket socket : silent) socket.close();
            }
        }

        private Socket connect(SshFrontEnd frontEnd) throws IOException {
            Socket socket = new Socket();
            socket.connect(new InetSocketAddress(InetAddress.getByName(HOST), frontEnd.boundPort()));
            return socket;
        }
    }

    @Nested
    class Keys {

        @Test
        void theHostKeyIsMadeOnceAndIsPrivate() throws Exception {
            String first = start(SshFrontEndTest::echo).publicHostKeyLine();
            String second = start(SshFrontEndTest::echo).publicHostKeyLine();
            assertThat(second).isEqualTo(first).startsWith("ssh-ed25519 ");
            Path file = options().hostKey();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            try (var files = Files.list(file.getParent())) {
                assertThat(files).containsExactly(file);
            }
            Result keygen = run(new ProcessBuilder("ssh-keygen", "-y", "-f", file.toString()), "");
            assertThat(keygen.out()).startsWith(first);
        }

        @Test
        void aHostKeyThatRootMakesBelongsToTheOwnerOfItsDirectory() throws Exception {
            var file = options().hostKey();
            var folder = Files.createDirectories(file.getParent());
            assumeTrue(Files.getAttribute(folder, "unix:uid").equals(0), "only root can give files away");
            Files.setAttribute(folder, "unix:uid", 4321);

            assertThat(SshFrontEnd.hostKeyLine(file)).startsWith("ssh-ed25519 ");

            assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(4321);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }

        @Test
        void aHostKeyThatOthersCanReadIsRefused() throws Exception {
            start(SshFrontEndTest::echo).close();
            Files.setPosixFilePermissions(options().hostKey(), PosixFilePermissions.fromString("rw-r-----"));
            assertThatThrownBy(() -> start(SshFrontEndTest::echo))
                    .isInstanceOfSatisfying(
                            SshFrontEndException.class,
                            e -> assertThat(e.nextStep()).contains("chmod 600"))
                    .hasMessageContaining("can be read by others");
        }

        @Test
        void aHostKeyThatIsNoneIsRefused() throws Exception {
            Files.createDirectories(options().hostKey().getParent());
            Files.writeString(options().hostKey(), "nonsense");
            Files.setPosixFilePermissions(options().hostKey(), PosixFilePermissions.fromString("rw-------"));
            assertThatThrownBy(() -> start(SshFrontEndTest::echo))
                    .isInstanceOf(SshFrontEndException.class)
                    .hasMessageContaining("cannot be used");
        }

        @Test
        void authorisedKeysThatOthersCanWriteAreRefused() throws Exception {
            Files.setPosixFilePermissions(dir.resolve("authorized_keys"), PosixFilePermissions.fromString("rw-rw----"));
            assertThatThrownBy(() -> start(SshFrontEndTest::echo))
                    .isInstanceOfSatisfying(
                            SshFrontEndException.class,
                            e -> assertThat(e.nextStep()).contains("chmod go-w"))
                    .hasMessageContaining("can be written by others");
        }

        @Test
        void missingAuthorisedKeysAreRefused() throws Exception {
            Files.delete(dir.resolve("authorized_keys"));
            assertThatThrownBy(() -> start(SshFrontEndTest::echo))
                    .isInstanceOf(SshFrontEndException.class)
                    .hasMessageContaining("does not exist");
        }

        @Test
        void anAddressInUseIsRefused() throws Exception {
            SshFrontEnd first = start(SshFrontEndTest::echo);
            SshFrontEndOptions same = SshFrontEndOptions.of(
                    HOST,
                    first.boundPort(),
                    options().hostKey(),
                    options().authorizedKeys(),
                    ClientRules.NONE,
                    ClientLimits.DEFAULT);
            assertThatThrownBy(() -> start(same, SshFrontEndTest::echo))
                    .isInstanceOf(SshFrontEndException.class)
                    .hasMessageContaining(HOST + " port " + first.boundPort());
        }
    }
}
