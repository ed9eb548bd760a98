package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Choice;
import dispatcher.machine.MachineAddress;
import dispatcher.ssh.client.SshTransports;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.rate.Uplink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// With a real sshd, over a link whose speed the test sets.
@Timeout(120)
@Tag("sshd")
class CompressionTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long FAST = 10L << 30;

    @TempDir
    private Path dir;

    private final SshTransports transports = new SshTransports();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger renewals = new AtomicInteger();

    @AfterEach
    void close() {
        transports.close();
        threads.shutdownNow();
    }

    private Transport machine(Sshd sshd, SlowProxy link, Choice compression) throws IOException {
        Files.writeString(sshd.knownHosts, "[" + Sshd.HOST + "]:" + link.port() + " " + sshd.hostKey() + "\n");
        Transport transport = transports.forMachine(
                new MachineAddress(Sshd.HOST, link.port(), "root", Optional.of(sshd.clientKey), Optional.empty()),
                sshd.options()
                        .compression(compression)
                        .keepAlive(Duration.ofSeconds(2))
                        .build());
        transport.onBetterWay(renewals::incrementAndGet);
        return transport;
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /// Half of it random, half of it not.
    private static byte[] contents(int size) throws IOException {
        Random random = new Random(7);
        ByteArrayOutputStream contents = new ByteArrayOutputStream(size);
        byte[] noise = new byte[1000];
        while (contents.size() < size) {
            if (random.nextBoolean()) {
                random.nextBytes(noise);
                contents.write(noise, 0, random.nextInt(noise.length));
            } else
                contents.write("/nix/store/q5n10dlv".repeat(random.nextInt(80)).getBytes(UTF_8));
        }
        return contents.toByteArray();
    }

    private void echo(Transport machine, byte[] sent) throws Exception {
        try (CommandChannel channel = machine.open("cat")) {
            Future<?> writer = threads.submit(() -> {
                try (OutputStream out = channel.out()) {
                    out.write(sent);
                }
                return null;
            });
            byte[] received = channel.in().readAllBytes();
            writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(java.util.Arrays.equals(received, sent)).isTrue();
        }
    }

    private void upload(Transport machine, int bytes) throws Exception {
        byte[] piece = new byte[64 * 1024];
        System.arraycopy(contents(piece.length), 0, piece, 0, piece.length);
        try (CommandChannel channel = machine.open("cat >/dev/null")) {
            for (int done = 0; done < bytes; done += piece.length) channel.out().write(piece);
            channel.out().close();
            assertThat(channel.exitStatus(PATIENCE)).isEqualTo(OptionalInt.of(0));
        }
    }

    @Test
    void bothWaysAreCompressedAndNothingIsChanged() throws Exception {
        try (Sshd sshd = Sshd.start(dir);
                SlowProxy link = new SlowProxy(Sshd.HOST, sshd.port, FAST)) {
            byte[] sent = contents(16 << 20);
            echo(machine(sshd, link, Choice.YES), sent);

            assertThat(link.up()).isBetween(sent.length / 4L, sent.length * 3L / 4);
            assertThat(link.down()).isBetween(sent.length / 4L, sent.length * 3L / 4);
        }
    }

    @Test
    void contentsThatDoNotCompressGoThrough() throws Exception {
        try (Sshd sshd = Sshd.start(dir);
                SlowProxy link = new SlowProxy(Sshd.HOST, sshd.port, FAST)) {
            byte[] sent = new byte[8 << 20];
            new Random(3).nextBytes(sent);
            echo(machine(sshd, link, Choice.YES), sent);

            assertThat(link.up()).isBetween((long) sent.length, sent.length * 102L / 100);
        }
    }

    @Test
    void withoutCompressionNothingIsSaved() throws Exception {
        try (Sshd sshd = Sshd.start(dir);
                SlowProxy link = new SlowProxy(Sshd.HOST, sshd.port, FAST)) {
            byte[] sent = contents(4 << 20);
            echo(machine(sshd, link, Choice.NO), sent);

            assertThat(link.up()).isGreaterThan(sent.length);
            assertThat(link.down()).isGreaterThan(sent.length);
        }
    }

    @Test
    void aServerWithoutCompressionIsUsedWithout() throws Exception {
        try (Sshd sshd = Sshd.start(dir, "Compression no");
                SlowProxy link = new SlowProxy(Sshd.HOST, sshd.port, FAST)) {
            byte[] sent = contents(4 << 20);
            Transport machine = machine(sshd, link, Choice.YES);
            echo(machine, sent);
            echo(machine, sent);

            assertThat(link.up()).isGreaterThan(2L * sent.length);
            assertThat(sshd.log().split("Accepted publickey", -1)).hasSize(2);
        }
    }

    @Test
    void autoCompressesOnASlowLinkAndStopsOnAFastOne() throws Exception {
        try (Sshd sshd = Sshd.start(dir);
                SlowProxy link = new SlowProxy(Sshd.HOST, sshd.port, 3_000_000)) {
            Transport machine = machine(sshd, link, Choice.AUTO);
            upload(machine, 16 << 20);
            await("it has proved slow", () -> renewals.get() == 1);
            await(
                    "the connection without compression goes",
                    () -> sshd.children().isEmpty());
            assertThat(link.up()).isGreaterThan(16 << 20);

            long before = link.up();
            upload(machine, 4 << 20);
            assertThat(link.up() - before).isLessThan(3 << 20);

            link.setRate(FAST);
            for (int i = 0; i < 40 && renewals.get() == 1; i++) upload(machine, 16 << 20);
            await("it has proved fast", () -> renewals.get() == 2);
            before = link.up();
            upload(machine, 4 << 20);
            assertThat(link.up() - before).isGreaterThan(4 << 20);
        }
    }

    @Test
    void autoLeavesAFastLinkAlone() throws Exception {
        try (Sshd sshd = Sshd.start(dir);
                SlowProxy link = new SlowProxy(Sshd.HOST, sshd.port, FAST)) {
            upload(machine(sshd, link, Choice.AUTO), 64 << 20);

            assertThat(link.up()).isGreaterThan(64 << 20);
            assertThat(renewals).hasValue(0);
        }
    }

    /// A connection ends when a write makes no progress; that this one waits for others is another matter.
    @Test
    void waitingForTheUplinkIsNoStalledWrite() throws Exception {
        try (Sshd sshd = Sshd.start(dir)) {
            Transport machine = transports.forMachine(
                    sshd.address(),
                    sshd.options().writeStall(Duration.ofMillis(200)).build());
            Uplink uplink = new Uplink(512, System::nanoTime);
            byte[] sent = new byte[1100];
            long start = System.nanoTime();
            try (CommandChannel channel = uplink.limit(machine).open("wc -c")) {
                channel.out().write(sent);
                channel.out().close();
                assertThat(new String(channel.in().readAllBytes(), UTF_8).strip())
                        .isEqualTo("1100");
            }
            assertThat(System.nanoTime() - start).isGreaterThan(1_000_000_000L);
        }
    }
}
