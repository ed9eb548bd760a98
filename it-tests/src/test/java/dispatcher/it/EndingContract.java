package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Clients and dispatchers that end in the middle of something. One machine with a single slot, so that a slot
/// that is not given back is noticed.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class EndingContract {

    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration LONG = Duration.ofSeconds(30);

    private final String clientProtocol;
    private final String machineProtocol;
    private Fleet fleet;
    private Fleet.Machine machine;
    private NixClient client;
    private Path settings;
    private DispatcherProcess dispatcher;
    private String builders = "";
    private int sleepers;

    EndingContract(String clientProtocol, String machineProtocol) {
        this.clientProtocol = clientProtocol;
        this.machineProtocol = machineProtocol;
    }

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).jobs(1).protocol(machineProtocol).start();
        machine = fleet.machine(0);
        client = NixClient.beside(fleet).start();
        settings = DispatcherSettings.of(fleet).write("ending");
    }

    @BeforeEach
    void startDispatcher() throws Exception {
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
        if (builders.isEmpty()) {
            builders = dispatcher.builders().replaceFirst("^ssh-ng:", clientProtocol + ":");
        }
    }

    @AfterEach
    void stopDispatcher() {
        if (dispatcher.alive()) {
            dispatcher.kill();
        }
    }

    @AfterAll
    void stop() throws IOException {
        if (fleet != null) {
            fleet.close();
        }
    }

    @Test
    void interruptedClientEndsItsBuildAndFreesTheSlot() throws Exception {
        try (Background build = startSleeper()) {
            build.interrupt();
            awaitNoSleeper();
            assertThat(build.await(LONG).exit()).isNotZero();
        }

        buildOne().run().orFail();
    }

    @Test
    void clientThatLeavesTheQueueIsForgotten() throws Exception {
        try (Background first = startSleeper();
                Background second = Background.start(buildOne(), fleet.folder())) {
            Await.until(LONG, () -> "a second client", () -> isConnected(second));
            second.interrupt();
            assertThat(second.await(LONG).exit()).isNotZero();
            first.interrupt();
            awaitNoSleeper();
        }

        buildOne().run().orFail();
    }

    @Test
    void dispatcherThatIsToldToStopLetsBuildsFinishAndTakesNoNewOnes() throws Exception {
        try (Background build = Background.start(
                client.buildCommand("sleepers", "n", "1", "seconds", "6.5").with("--builders", builders),
                fleet.folder())) {
            Await.until(LONG, () -> "a build that runs\n" + dispatcher.log(), () -> runs("sleep 6.5"));
            try (Background waiting = Background.start(buildOne(), fleet.folder())) {
                Await.until(LONG, () -> "a second client", () -> isConnected(waiting));
                dispatcher.signalStop();
                dispatcher.awaitLog("taking no more builds", LONG);
                Result refused = waiting.await(LONG);
                assertThat(refused.succeeded()).isFalse();
                assertThat(refused.err()).contains("is being stopped and takes no new builds");
            }

            assertThat(build.await(LONG).succeeded()).as(dispatcher.log()).isTrue();
        }
        assertThat(dispatcher.awaitEnd()).isZero();
        awaitNoConnections();
    }

    @Test
    void dispatcherThatIsToldToStopTwiceLeavesNothing() throws Exception {
        try (Background build = startSleeper()) {
            assertThat(dispatcher.stopNow()).as(dispatcher.log()).isZero();

            assertThat(fleet.socket()).doesNotExist();
            awaitNoSleeper();
            assertThat(build.await(LONG).exit()).isNotZero();
        }
        awaitNoConnections();
    }

    @Test
    void idleDispatcherStopsAtOnce() throws Exception {
        buildOne().run().orFail();

        long begin = System.nanoTime();
        assertThat(dispatcher.stop()).as(dispatcher.log()).isZero();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(3));
        awaitNoConnections();
    }

    @Test
    void killedDispatcherLeavesNothingOnTheMachineAndStartsAgain() throws Exception {
        String path = client.run("nix", "store", "add-file", Checkout.graph("one"))
                .orFail()
                .out()
                .strip();
        client.run("nix", "copy", "--no-check-sigs", "--to", storeUri(), path).orFail();
        try (Background build = startSleeper()) {
            dispatcher.kill();
            awaitNoSleeper();
            assertThat(build.await(LONG).exit()).isNotZero();
        }

        startDispatcher();

        client.run("nix", "store", "verify", "--no-trust", "--store", storeUri(), path)
                .orFail();
        buildOne().run().orFail();
    }

    @Test
    void whatWasBuiltBeforeACrashIsNotBuiltAgain() throws Exception {
        String salt = NixClient.newSalt();
        String path = client.buildCommand("one", "salt", salt)
                .with("--builders", builders)
                .run()
                .orFail()
                .out()
                .strip();
        dispatcher.kill();

        startDispatcher();
        NixClient other = NixClient.beside(fleet).start();
        Result found = other.buildCommand("one", "salt", salt)
                .with("--builders", builders)
                .run()
                .orFail();

        assertThat(found.out().strip()).isEqualTo(path);
        assertThat(dispatcher.log()).contains("built already").doesNotContain("build assigned");
    }

    @Test
    void uploadThatIsCutOffByACrashIsNotKept() throws Exception {
        Path file = fleet.folder().resolve("half");
        try (var channel = Files.newByteChannel(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.position((300L << 20) - 1);
            channel.write(ByteBuffer.allocate(1));
        }
        String path =
                client.run("nix", "store", "add-file", file).orFail().out().strip();
        Path spool = fleet.folder().resolve("spool");
        try (Background copy = Background.start(
                client.command("nix", "copy", "--no-check-sigs", "--to", storeUri(), path), fleet.folder())) {
            Await.until(LONG, () -> "bytes in " + spool, () -> bytesIn(spool) > 1 << 20 || !copy.alive());
            dispatcher.kill();
            assertThat(copy.await(LONG).exit()).isNotZero();
        }

        startDispatcher();

        assertThat(bytesIn(spool)).isLessThan(1 << 20);
        assertThat(client.run("nix", "path-info", "--store", storeUri(), path).exit())
                .isNotZero();
        client.run("nix", "copy", "--no-check-sigs", "--to", storeUri(), path).orFail();
        client.run("nix", "store", "verify", "--no-trust", "--store", storeUri(), path)
                .orFail();
        Files.delete(file);
    }

    private String storeUri() {
        return builders.split(" ", 2)[0];
    }

    private Command buildOne() {
        return client.buildCommand("one").with("--builders", builders);
    }

    /// A build that runs on the machine for longer than any test.
    private Background startSleeper() throws Exception {
        sleepers++;
        Background build = Background.start(
                client.buildCommand("sleepers", "n", "1", "seconds", sleeperSeconds())
                        .with("--builders", builders),
                fleet.folder());
        try {
            Await.until(
                    LONG,
                    () -> "a build that runs\n" + dispatcher.log(),
                    () -> !machine.processes("sleep " + sleeperSeconds()).isEmpty() || !build.alive());
        } catch (Throwable e) {
            build.close();
            throw e;
        }
        return build;
    }

    private String sleeperSeconds() {
        return Integer.toString(54_000 + sleepers);
    }

    private boolean runs(String command) throws IOException {
        return !machine.processes(command).isEmpty();
    }

    private void awaitNoSleeper() throws Exception {
        Await.until(
                SOON,
                () -> "the end of the build on the machine\n" + dispatcher.log(),
                () -> machine.processes("sleep " + sleeperSeconds()).isEmpty());
    }

    private void awaitNoConnections() throws Exception {
        Await.until(
                SOON,
                () -> "the end of the connections to the machine",
                () -> machine.processes("sshd: ").isEmpty());
    }

    private boolean isConnected(Background command) {
        return command.descendants()
                .anyMatch(
                        process -> process.info().commandLine().orElse("").endsWith("UNIX-CONNECT:" + fleet.socket()));
    }

    private static long bytesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
