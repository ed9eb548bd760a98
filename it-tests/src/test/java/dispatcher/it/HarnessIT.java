package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The machines and clients that all other tests stand on, with nothing but stock Nix between them.
@NeedsNamespaces
class HarnessIT {

    @Test
    void stockNixBuildsOnTheMachines() throws Exception {
        try (Fleet fleet = Fleet.of(2).jobs(1).start();
                NixClient client = NixClient.beside(fleet).start()) {
            Result built = client.build("sleepers", "n", "2", "seconds", "1").orFail();

            assertThat(built.lines()).hasSize(2).allSatisfy(path -> {
                assertThat(client.outside(path)).exists();
                assertThat(fleet.machines().stream().filter(machine -> machine.holds(path)))
                        .hasSize(1);
            });
            assertThat(fleet.machines())
                    .allSatisfy(machine -> assertThat(machine.log()).contains("Accepted publickey for root"));
        }
    }

    @Test
    void stockNixBuildsOverTheLegacyProtocolAndThroughADaemon() throws Exception {
        try (Fleet fleet = Fleet.of(1).start();
                NixClient client = NixClient.beside(fleet)
                        .builders(fleet.nixBuildersOverSsh())
                        .daemon()
                        .start()) {
            String path = client.build("one").orFail().out().strip();

            assertThat(client.outside(path)).exists();
            assertThat(fleet.machine(0).holds(path)).isTrue();
            assertThat(client.daemonSocket()).exists();
        }
    }

    @Test
    void failureOfABuildAndItsLogComeBack() throws Exception {
        try (Fleet fleet = Fleet.of(1).start();
                NixClient client = NixClient.beside(fleet).start()) {
            Result failed = client.build("failing", "status", "7");

            assertThat(failed.exit()).isNotZero();
            assertThat(failed.err()).contains("giving up").contains("failed with exit code 7");
        }
    }

    @Test
    void killedMachineIsGoneAtOnceAndComesBackWithItsStore() throws Exception {
        try (Fleet fleet = Fleet.of(1).start();
                NixClient client = NixClient.beside(fleet).start()) {
            Fleet.Machine machine = fleet.machine(0);
            String path = client.build("one").orFail().out().strip();

            machine.kill();
            assertThat(machine.alive()).isFalse();
            assertThat(client.build("one").succeeded()).isFalse();

            machine.start();
            assertThat(machine.holds(path)).isTrue();
            client.build("one").orFail();
        }
    }

    @Test
    void pausedMachineDoesNotAnswerUntilItIsResumed() throws Exception {
        try (Fleet fleet = Fleet.of(1).start();
                NixClient client = NixClient.beside(fleet).start()) {
            Fleet.Machine machine = fleet.machine(0);

            machine.pause();
            Process build =
                    client.buildCommand("one").start(ProcessBuilder.Redirect.DISCARD, ProcessBuilder.Redirect.DISCARD);
            assertThat(build.waitFor(2, TimeUnit.SECONDS)).isFalse();

            machine.resume();
            assertThat(build.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(build.exitValue()).isZero();
        }
    }

    @Test
    void machineWhoseCableIsCutDoesNotAnswerUntilItIsMended() throws Exception {
        try (Fleet fleet = Fleet.of(2).ownNetworks().start()) {
            Fleet.Machine machine = fleet.machine(0);
            assertThat(greeting(fleet, machine)).startsWith("SSH-2.0-");

            machine.cut();
            assertThat(greeting(fleet, machine)).isEmpty();
            assertThat(greeting(fleet, fleet.machine(1))).startsWith("SSH-2.0-");

            machine.mend();
            assertThat(greeting(fleet, machine)).startsWith("SSH-2.0-");
        }
    }

    /// What its sshd says within 2 seconds.
    private static String greeting(Fleet fleet, Fleet.Machine machine) throws Exception {
        return fleet.within(Command.of("timeout", "2", "bash", "-c"))
                .with("exec 3<>/dev/tcp/%s/22 && head -n 1 <&3".formatted(machine.address()))
                .run()
                .out();
    }

    @Test
    void throttledMachineTakesLongerUntilThatIsOver() throws Exception {
        try (Fleet fleet = Fleet.of(1).ownNetworks().start();
                NixClient client = NixClient.beside(fleet).start()) {
            client.build("one").orFail();
            fleet.machine(0).slow("800kbit");
            Result slow = client.build("big-output", "megabytes", "1").orFail();
            assertThat(slow.took()).isGreaterThan(Duration.ofSeconds(5));

            fleet.machine(0).clear();
            Result fast = client.build("big-output", "megabytes", "1").orFail();
            assertThat(fast.took()).isLessThan(slow.took().dividedBy(2));
        }
    }

    @Test
    void smallDiskIsFullWhenItIs() throws Exception {
        try (Fleet fleet = Fleet.of(1).ownNetworks().disk("32m").start();
                NixClient client = NixClient.beside(fleet).start()) {
            Fleet.Machine machine = fleet.machine(0);
            String path = client.build("one").orFail().out().strip();
            assertThat(machine.holds(path)).isTrue();

            assertThat(client.build("big-output", "megabytes", "40").err()).contains("No space left on device");
            machine.kill();
            assertThat(machine.holds(path)).isTrue();
            machine.start();
            assertThat(machine.holds(path)).isTrue();
        }
    }

    @Test
    void nothingIsLeftBehindOfNetworks() throws Exception {
        Path folder;
        try (Fleet fleet = Fleet.of(1).ownNetworks().disk("32m").start()) {
            folder = fleet.folder();
            assertThat(processesMention(folder.toString())).isTrue();
        }

        assertThat(folder).doesNotExist();
        Await.until(
                Duration.ofSeconds(5), () -> "the end of its processes", () -> !processesMention(folder.toString()));
    }

    @Test
    void nothingIsLeftBehind() throws Exception {
        Path folder;
        try (Fleet fleet = Fleet.of(2).start();
                NixClient client = NixClient.beside(fleet).daemon().start()) {
            folder = fleet.folder();
            client.buildCommand("sleepers", "n", "2", "seconds", "54321")
                    .start(ProcessBuilder.Redirect.DISCARD, ProcessBuilder.Redirect.DISCARD);
            Await.until(
                    Duration.ofSeconds(20),
                    () -> "a build that runs on a machine",
                    () -> processesMention("sleep 54321"));
        }

        assertThat(folder).doesNotExist();
        assertThat(Files.readString(Path.of("/proc/mounts"))).doesNotContain(folder.toString());
        Await.until(
                Duration.ofSeconds(5),
                () -> "the end of all processes of " + folder,
                () -> !processesMention(folder.toString()) && !processesMention("sleep 54321"));
    }

    @Test
    @NeedsNewerNix
    void newerNixIsClientAndMachine() throws Exception {
        Path tree = NewerNix.tree();
        try (Fleet fleet = Fleet.of(1).nix(tree).start();
                NixClient newer = NixClient.beside(fleet).nix(tree).start();
                NixClient older = NixClient.beside(fleet).start()) {
            assertThat(newer.run("nix", "--version").out())
                    .isNotEqualTo(older.run("nix", "--version").out());
            newer.build("chain", "n", "2").orFail();
            older.build("chain", "n", "2").orFail();
        }
    }

    private static boolean processesMention(String text) {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> process.info().commandLine().orElse("").contains(text));
    }
}
