package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dispatcher.access.ClientLimits;
import dispatcher.access.ClientRules;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.Reach;
import dispatcher.ssh.client.SshClientOptions;
import dispatcher.ssh.client.SshTransports;
import dispatcher.ssh.keys.HostKey;
import dispatcher.ssh.server.SshFrontEnd;
import dispatcher.ssh.server.SshFrontEndOptions;
import dispatcher.ssh.tunnel.DialIns;
import dispatcher.thread.TimeLimit;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Machines that connect to us with a real `ssh -N -R`, in front of a real sshd.
@Timeout(120)
@Tag("sshd")
class DialInTest {
    private static final String HOST = "127.0.3.2";

    @TempDir
    private Path dir;

    private final DialIns dialIns = new DialIns();
    private final SshTransports transports = new SshTransports(dialIns);
    private final BlockingQueue<String> arrivals = new LinkedBlockingQueue<>();
    private final List<Process> processes = new ArrayList<>();
    private Sshd machine;
    private SshFrontEnd frontEnd;
    private HostKey key;

    @BeforeEach
    void start() throws Exception {
        machine = Sshd.start(Files.createDirectory(dir.resolve("machine")));
        Sshd.makeKey(dir.resolve("dial"), "ed25519", "-N", "", "-C", "dials in");
        Sshd.makeKey(dir.resolve("client"), "ed25519", "-N", "", "-C", "a client");
        Files.copy(dir.resolve("client.pub"), dir.resolve("authorized_keys"));
        frontEnd = SshFrontEnd.start(
                SshFrontEndOptions.of(
                        HOST,
                        0,
                        dir.resolve("host"),
                        dir.resolve("authorized_keys"),
                        ClientRules.NONE,
                        ClientLimits.DEFAULT),
                (_, _) -> 0,
                dialIns);
        Files.writeString(
                dir.resolve("known_hosts"),
                "[%s]:%d %s\n".formatted(HOST, frontEnd.boundPort(), frontEnd.publicHostKeyLine()));
        key = HostKey.parse(Files.readString(dir.resolve("dial.pub")));
        dialIns.change(Map.of(key, "laptop"));
        dialIns.onArrival(arrivals::add);
    }

    @AfterEach
    void stop() {
        transports.close();
        processes.forEach(Process::destroyForcibly);
        if (frontEnd != null) frontEnd.close();
        if (machine != null) machine.close();
    }

    private Process ssh(String keyName, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "/usr/bin/ssh",
                "-F",
                "none",
                "-i",
                dir.resolve(keyName).toString(),
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "ExitOnForwardFailure=yes",
                "-o",
                "UserKnownHostsFile=" + dir.resolve("known_hosts"),
                "-o",
                "BatchMode=yes",
                "-p",
                String.valueOf(frontEnd.boundPort())));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        processes.add(process);
        return process;
    }

    private Process dial() throws Exception {
        Process process = ssh("dial", "-N", "-R", "0:%s:%d".formatted(Sshd.HOST, machine.port), "machine@" + HOST);
        assertThat(arrivals.poll(20, TimeUnit.SECONDS)).isEqualTo("laptop");
        return process;
    }

    private static String outputOf(Process process) throws Exception {
        try (var _ = new TimeLimit(Duration.ofSeconds(20), process::destroyForcibly)) {
            return new String(process.getInputStream().readAllBytes(), UTF_8);
        }
    }

    private MachineAddress address() throws IOException {
        return new MachineAddress(
                "laptop",
                22,
                "root",
                Optional.of(machine.clientKey),
                Optional.of(machine.hostKey()),
                new Reach(List.of(), true, true, Optional.empty(), Optional.of(key.toString())));
    }

    private Transport transport() throws IOException {
        return transports.forMachine(address(), SshClientOptions.forHome(dir).build());
    }

    private String run(Transport transport, String command) throws Exception {
        try (CommandChannel channel = transport.open(command)) {
            return new String(channel.in().readAllBytes(), UTF_8);
        }
    }

    @Test
    void aMachineThatDialsInIsReachedThroughItsOwnConnection() throws Exception {
        Process ssh = dial();
        try (Transport transport = transport()) {
            assertThat(run(transport, "echo in")).isEqualTo("in\n");
            assertThat(transport.peer()).isEmpty();
        }
        assertThat(machine.logins()).isEqualTo(1);
        assertThat(ssh.isAlive()).isTrue();
    }

    @Test
    void nothingListensForIt() throws Exception {
        dial();
        Process listing = new ProcessBuilder("ss", "-Hltnp").start();
        String listening = new String(listing.getInputStream().readAllBytes(), UTF_8);
        assertThat(listening
                        .lines()
                        .filter(line ->
                                line.contains("pid=" + ProcessHandle.current().pid() + ",")))
                .allSatisfy(line -> assertThat(line).contains(":" + frontEnd.boundPort() + " "));
    }

    @Test
    void aPortThatTheMachineNamesIsNotOpenedEither() throws Exception {
        int free = Sshd.freePort();
        Process _ = ssh("dial", "-N", "-R", "%d:%s:%d".formatted(free, Sshd.HOST, machine.port), "machine@" + HOST);
        assertThat(arrivals.poll(20, TimeUnit.SECONDS)).isEqualTo("laptop");
        try (Transport transport = transport()) {
            assertThat(run(transport, "echo in")).isEqualTo("in\n");
        }
        assertThat(catchThrowableOfType(
                        IOException.class, () -> new Socket(InetAddress.getLoopbackAddress(), free).close()))
                .isNotNull();
    }

    @Test
    void itsHostKeyIsVerified() throws Exception {
        dial();
        MachineAddress other = new MachineAddress(
                "laptop",
                22,
                "root",
                Optional.of(machine.clientKey),
                Optional.of(frontEnd.publicHostKeyLine()),
                address().reach());
        try (Transport transport =
                transports.forMachine(other, SshClientOptions.forHome(dir).build())) {
            UnreachableException e = catchThrowableOfType(UnreachableException.class, () -> run(transport, "true"));
            assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_CHANGED);
        }
    }

    @Test
    void muchIsSentBothWays() throws Exception {
        dial();
        int megabytes = 24;
        try (Transport transport = transport();
                CommandChannel channel = transport.open("cat")) {
            Thread writing = Thread.ofVirtual().start(() -> {
                try {
                    byte[] piece = new byte[1 << 20];
                    for (int i = 0; i < megabytes; i++) channel.out().write(piece);
                    channel.out().close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            long got = 0;
            byte[] bytes = new byte[1 << 16];
            for (int n; (n = channel.in().read(bytes)) >= 0; ) got += n;
            writing.join();
            assertThat(got).isEqualTo((long) megabytes << 20);
        }
    }

    @Test
    void aMachineThatIsAwayIsSaidToBeSo() throws Exception {
        try (Transport transport = transport()) {
            UnreachableException e = catchThrowableOfType(UnreachableException.class, () -> run(transport, "true"));
            assertThat(e.kind()).isEqualTo(Kind.AWAY);
            assertThat(e).hasMessageContaining("root@laptop connects to us, and is not connected now");
            assertThat(e.nextStep()).contains("dispatcher machine unit");
        }
    }

    @Test
    void aMachineThatComesBackIsReachedAgain() throws Exception {
        Process first = dial();
        try (Transport transport = transport()) {
            CommandChannel channel = transport.open("echo in; sleep 60");
            assertThat(channel.in().read()).isEqualTo('i');
            first.destroyForcibly().waitFor();
            assertThat(catchThrowableOfType(
                            IOException.class, () -> channel.in().readAllBytes()))
                    .isNotNull();
            dial();
            assertThat(run(transport, "echo in")).isEqualTo("in\n");
        }
    }

    @Test
    void aSecondConnectionIsRefusedWhileTheFirstIsAlive() throws Exception {
        Process first = dial();
        Process second = ssh("dial", "-N", "-R", "0:%s:%d".formatted(Sshd.HOST, machine.port), "machine@" + HOST);
        assertThat(outputOf(second)).contains("remote port forwarding failed");
        assertThat(first.isAlive()).isTrue();
        try (Transport transport = transport()) {
            assertThat(run(transport, "echo in")).isEqualTo("in\n");
        }
    }

    @Test
    void aConnectionTakesThePlaceOfASilentOne() throws Exception {
        Process first = dial();
        new ProcessBuilder("kill", "-STOP", String.valueOf(first.pid())).start().waitFor();
        dial();
        try (Transport transport = transport()) {
            assertThat(run(transport, "echo in")).isEqualTo("in\n");
        }
    }

    @Test
    void aConnectionHasOneForward() throws Exception {
        Process twice = ssh(
                "dial",
                "-N",
                "-R",
                "0:%s:%d".formatted(Sshd.HOST, machine.port),
                "-R",
                "0:localhost:22",
                "machine@" + HOST);
        assertThat(outputOf(twice)).contains("remote port forwarding failed");
    }

    @Test
    void theKeyOfAMachineRunsNothingAndConnectsNowhere() throws Exception {
        assertThat(outputOf(ssh("dial", "machine@" + HOST, "nix-daemon --stdio")))
                .contains("this key is that of the machine laptop");
        assertThat(outputOf(ssh("dial", "-W", "%s:%d".formatted(Sshd.HOST, machine.port), "machine@" + HOST)))
                .contains("open failed");
        assertThat(machine.logins()).isZero();
    }

    @Test
    void theKeyOfAMachineIsNoClientsEvenIfItIsInBothPlaces() throws Exception {
        Files.writeString(
                dir.resolve("authorized_keys"),
                Files.readString(dir.resolve("dial.pub")),
                java.nio.file.StandardOpenOption.APPEND);
        assertThat(outputOf(ssh("dial", "machine@" + HOST, "nix-daemon --stdio")))
                .contains("this key is that of the machine laptop");
    }

    @Test
    void theKeyOfAClientForwardsNothing() throws Exception {
        Process client = ssh("client", "-N", "-R", "0:%s:%d".formatted(Sshd.HOST, machine.port), "nix@" + HOST);
        assertThat(outputOf(client)).contains("remote port forwarding failed");
        assertThat(arrivals).isEmpty();
    }

    @Test
    void aMachineThatIsTakenOutOfTheSettingsIsSentAway() throws Exception {
        Process ssh = dial();
        dialIns.change(Map.of());
        assertThat(ssh.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(outputOf(ssh("dial", "-N", "-R", "0:localhost:22", "machine@" + HOST)))
                .contains("Permission denied");
    }

    @Test
    void aMachineWhoseSshdDoesNotRunIsSaidToBeSo() throws Exception {
        dial();
        machine.kill();
        try (Transport transport = transport()) {
            UnreachableException e = catchThrowableOfType(UnreachableException.class, () -> run(transport, "true"));
            assertThat(e.kind()).isEqualTo(Kind.REFUSED);
            assertThat(e).hasMessageContaining("its ssh does not reach its sshd");
        }
    }
}
