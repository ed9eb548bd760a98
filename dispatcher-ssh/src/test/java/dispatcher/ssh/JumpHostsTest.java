package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.Reach;
import dispatcher.ssh.client.SshClientOptions;
import dispatcher.ssh.client.SshTransports;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Machines that ssh_config describes, through other hosts, with real sshds.
@Timeout(120)
@Tag("sshd")
class JumpHostsTest {
    @TempDir
    private Path dir;

    private final SshTransports transports = new SshTransports();
    private Sshd machine;
    private Sshd gate;

    @BeforeEach
    void start() throws Exception {
        Sshd.assumeThere();
        machine = Sshd.start(Files.createDirectory(dir.resolve("machine")));
        gate = Sshd.start(Files.createDirectory(dir.resolve("gate")));
    }

    @AfterEach
    void stop() {
        transports.close();
        if (gate != null) gate.close();
        if (machine != null) machine.close();
    }

    private static String entry(String alias, Sshd sshd, String... more) {
        return """
                Host %s
                  HostName %s
                  Port %d
                  User root
                  IdentityFile %s
                  UserKnownHostsFile %s
                """.formatted(alias, Sshd.HOST, sshd.port, sshd.clientKey, sshd.knownHosts)
                + Stream.of(more).map(line -> "  " + line + "\n").reduce("", String::concat);
    }

    /// All that is said of it is in ssh_config.
    private MachineAddress alias(String... entries) throws IOException {
        Path config = Files.writeString(dir.resolve("config"), String.join("", entries));
        return new MachineAddress(
                "behind",
                22,
                "nobody",
                Optional.empty(),
                Optional.empty(),
                new Reach(List.of(config), false, false, Optional.empty(), Optional.empty()));
    }

    private SshClientOptions options() {
        return SshClientOptions.forHome(dir)
                .knownHosts(List.of(dir.resolve("none")))
                .build();
    }

    private String run(MachineAddress address, String command) throws Exception {
        try (Transport transport = transports.forMachine(address, options());
                CommandChannel channel = transport.open(command)) {
            return new String(channel.in().readAllBytes(), UTF_8);
        }
    }

    private UnreachableException failure(MachineAddress address) {
        return catchThrowableOfType(UnreachableException.class, () -> run(address, "true"));
    }

    @Test
    void anAliasIsReached() throws Exception {
        MachineAddress address = alias(entry("behind", machine));
        assertThat(run(address, "echo in")).isEqualTo("in\n");
        assertThat(SshTransports.explain(address))
                .contains("HostName %s (%s line 2)".formatted(Sshd.HOST, dir.resolve("config")));
    }

    @Test
    void aMachineIsReachedThroughAHost() throws Exception {
        MachineAddress address = alias(entry("behind", machine, "ProxyJump gate"), entry("gate", gate));
        assertThat(run(address, "echo in")).isEqualTo("in\n");
        assertThat(gate.logins()).isEqualTo(1);
        assertThat(machine.logins()).isEqualTo(1);
    }

    @Test
    void aMachineIsReachedThroughTwoHosts() throws Exception {
        try (Sshd inner = Sshd.start(Files.createDirectory(dir.resolve("inner")))) {
            String listed = entry("behind", machine, "ProxyJump gate,inner") + entry("gate", gate);
            assertThat(run(alias(listed, entry("inner", inner)), "echo in")).isEqualTo("in\n");
            assertThat(gate.logins()).isEqualTo(1);
            assertThat(inner.logins()).isEqualTo(1);

            String chained = entry("behind", machine, "ProxyJump inner") + entry("gate", gate);
            assertThat(run(alias(chained, entry("inner", inner, "ProxyJump gate")), "echo in"))
                    .isEqualTo("in\n");
            assertThat(gate.logins()).isEqualTo(2);
            assertThat(inner.logins()).isEqualTo(2);
            assertThat(machine.logins()).isEqualTo(2);
        }
    }

    @Test
    void muchIsSentBothWaysThroughAHost() throws Exception {
        MachineAddress address = alias(entry("behind", machine, "ProxyJump gate"), entry("gate", gate));
        int megabytes = 24;
        try (Transport transport = transports.forMachine(address, options());
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
    void theEndOfTheHostInBetweenEndsTheConnection() throws Exception {
        MachineAddress address = alias(entry("behind", machine, "ProxyJump gate"), entry("gate", gate));
        try (Transport transport = transports.forMachine(address, options());
                CommandChannel channel = transport.open("echo in; sleep 60")) {
            assertThat(channel.in().read()).isEqualTo('i');
            gate.kill();
            assertThat(catchThrowableOfType(
                            IOException.class, () -> channel.in().readAllBytes()))
                    .hasMessageContaining("broke");
        }
    }

    @Test
    void theHostKeyOfAHostInBetweenIsVerified() throws Exception {
        Files.writeString(gate.knownHosts, "");
        MachineAddress address = alias(entry("behind", machine, "ProxyJump gate"), entry("gate", gate));
        UnreachableException e = failure(address);
        assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
        assertThat(e).hasMessageContaining("on the way to root@" + Sshd.HOST);
        assertThat(e.nextStep()).contains("ProxyJump gate (%s line 7)".formatted(dir.resolve("config")));
        assertThat(machine.logins()).isZero();
    }

    @Test
    void theHostKeyOfAMachineBehindIsVerified() throws Exception {
        Files.writeString(machine.knownHosts, "");
        UnreachableException e = failure(alias(entry("behind", machine, "ProxyJump gate"), entry("gate", gate)));
        assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
        assertThat(e.getMessage()).doesNotContain("on the way");
    }

    @Test
    void aHostThatForwardsNothingIsNamed() throws Exception {
        try (Sshd closed = Sshd.start(Files.createDirectory(dir.resolve("closed")), "AllowTcpForwarding no")) {
            UnreachableException e =
                    failure(alias(entry("behind", machine, "ProxyJump closed"), entry("closed", closed)));
            assertThat(e.kind()).isEqualTo(Kind.NO_CHANNEL);
            assertThat(e).hasMessageContaining("jump host root@%s:%d".formatted(Sshd.HOST, closed.port));
            assertThat(e.nextStep()).contains("AllowTcpForwarding");
        }
    }

    @Test
    void aMachineThatIsOffBehindAHostIsNamed() throws Exception {
        machine.kill();
        UnreachableException e = failure(alias(entry("behind", machine, "ProxyJump gate"), entry("gate", gate)));
        assertThat(e.kind()).isEqualTo(Kind.NO_ROUTE);
        assertThat(e).hasMessageContaining("does not connect to %s port %d".formatted(Sshd.HOST, machine.port));
    }

    @Test
    void aCircleOfHostsIsNamed() throws Exception {
        UnreachableException e =
                failure(alias(entry("behind", machine, "ProxyJump gate"), entry("gate", gate, "ProxyJump gate")));
        assertThat(e).hasMessageContaining("more than 8 hosts");
        assertThat(gate.logins()).isZero();
    }

    @Test
    void aHostKeyAliasIsLookedUpInsteadOfTheName() throws Exception {
        Files.writeString(machine.knownHosts, "farm " + machine.hostKey() + "\n");
        assertThat(run(alias(entry("behind", machine, "HostKeyAlias farm")), "echo in"))
                .isEqualTo("in\n");
        UnreachableException e = failure(alias(entry("behind", machine, "HostKeyAlias other")));
        assertThat(e.kind()).isEqualTo(Kind.HOST_KEY_UNKNOWN);
        assertThat(e.nextStep()).contains("other");
    }

    @Test
    void errorsNameTheLinesThatCount() throws Exception {
        machine.kill();
        UnreachableException e = failure(alias(entry("behind", machine, "Match exec x")));
        assertThat(e.kind()).isEqualTo(Kind.REFUSED);
        assertThat(e.nextStep())
                .contains("Port %d (%s line 3)".formatted(machine.port, dir.resolve("config")))
                .contains("%s line 7: `Match exec` is not supported".formatted(dir.resolve("config")));
    }
}
