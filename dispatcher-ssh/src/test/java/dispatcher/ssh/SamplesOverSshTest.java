package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Pressure;
import dispatcher.machine.load.MachineSampler;
import dispatcher.machine.load.PressureListener;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.ssh.client.SshTransports;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// How a machine is doing, asked of a real sshd over a connection that somebody else has made.
@Timeout(120)
@Tag("sshd")
class SamplesOverSshTest {
    private static final Duration PAUSE = Duration.ofMillis(100);

    private static final StorePath DRV = StorePath.of("a".repeat(32), "tool-1.drv");
    private static final BasicDerivation DERIVATION = new BasicDerivation(
            new TreeMap<>(Map.of("out", new DerivationOutput.Deferred())),
            Set.of(),
            "x86_64-linux",
            ByteString.of("/bin/sh"),
            List.of(),
            new TreeMap<>());

    @TempDir
    private Path dir;

    private final SshTransports transports = new SshTransports();
    private final BlockingQueue<Pressure> samples = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        transports.close();
    }

    private MachineSampler sampler(Transport machine) {
        // A disk that is there on every host.
        return new MachineSampler(
                "m",
                machine,
                new StoreDir("/usr"),
                new PressureListener() {
                    @Override
                    public void sampled(String name, Pressure pressure) {
                        samples.add(pressure);
                    }

                    @Override
                    public void unknown(String name) {}
                },
                InstantSource.system());
    }

    private static String text(CommandChannel channel) throws IOException {
        return new String(channel.in().readAllBytes(), UTF_8);
    }

    @Test
    void arriveOverTheConnectionThatABuildHasMade() throws Exception {
        try (Sshd sshd = Sshd.start(dir)) {
            var machine = transports.forMachine(sshd.address(), sshd.options().build());
            try (var building = machine.open("cat");
                    var sampler = sampler(machine);
                    var _ = sampler.watch(DRV, DERIVATION, _ -> {})) {
                var now = samples.take();

                assertThat(now.cores()).isEqualTo(Runtime.getRuntime().availableProcessors());
                assertThat(now.memory().total()).isGreaterThan(64L << 20);
                assertThat(now.memory().free()).isPositive();
                assertThat(now.store().total()).isPositive();
                assertThat(now.sampledAt()).isBefore(Instant.now().plusSeconds(1));
                assertThat(sshd.logins()).isEqualTo(1);
                building.out().close();
            }
        }
    }

    @Test
    void makeNoConnection() throws Exception {
        try (Sshd sshd = Sshd.start(dir)) {
            var machine = transports.forMachine(sshd.address(), sshd.options().build());
            assertThat(machine.openIfConnected("echo hello")).isEmpty();
            try (var channel = machine.open("echo there")) {
                assertThat(text(channel)).isEqualTo("there\n");
            }
            try (var channel = machine.openIfConnected("echo now").orElseThrow()) {
                assertThat(text(channel)).isEqualTo("now\n");
            }
            // That of the one that was opened.
            assertThat(sshd.logins()).isEqualTo(1);
        }
    }

    @Test
    void keepNoConnectionThatIsIdle() throws Exception {
        try (Sshd sshd = Sshd.start(dir)) {
            var machine = transports.forMachine(
                    sshd.address(),
                    sshd.options()
                            .keepAlive(Duration.ofMillis(100))
                            .maxIdle(Duration.ofMillis(1500))
                            .build());
            try (var channel = machine.open("true")) {
                assertThat(text(channel)).isEmpty();
            }
            // More often than it may be idle, until it is gone.
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (true) {
                var channel = machine.openIfConnected("true");
                if (channel.isEmpty()) break;
                try (var sample = channel.get()) {
                    assertThat(text(sample)).isEmpty();
                }
                assertThat(System.nanoTime()).as("the connection goes").isLessThan(deadline);
                // As samples do; one after the other without a pause would hold it all the time.
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }

    @Test
    void areNotWaitedForWhereAllPlacesAreTaken() throws Exception {
        try (Sshd sshd = Sshd.start(dir)) {
            var machine = transports.forMachine(
                    sshd.address(), sshd.options().maxSessions(1).build());
            try (var building = machine.open("cat")) {
                assertThat(machine.openIfConnected("true")).isEmpty();
                building.out().close();
            }
        }
    }
}
