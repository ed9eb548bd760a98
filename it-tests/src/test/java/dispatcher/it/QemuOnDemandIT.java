package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A virtual machine under software emulation that the dispatcher starts, finds again after a crash, and powers down.
/// It
/// boots this machine's own Nix and sshd, see `it-tests/fleet/vm-machine`.
@NeedsVirtualMachines
@Timeout(300)
class QemuOnDemandIT {
    private static final String NAME = "emulated";

    @TempDir
    private Path folder;

    @Test
    void machineIsBootedForABuildFoundAgainAfterACrashAndPoweredDown() throws Exception {
        try (Fleet fleet = Fleet.of(1).start();
                NixClient client = NixClient.beside(fleet).start()) {
            Path settings = settings(fleet);
            try {
                boot(fleet, client, settings);
                takeOver(fleet, client, settings);
            } finally {
                end(fleet);
            }
        }
    }

    private static void boot(Fleet fleet, NixClient client, Path settings) throws Exception {
        try (DispatcherProcess dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
            assertThat(control(settings).power()).isEqualTo("off");
            long begun = System.nanoTime();
            build(client, dispatcher);
            System.err.printf(
                    "first build in a virtual machine that was off: %d ms%n",
                    Duration.ofNanos(System.nanoTime() - begun).toMillis());
            assertThat(dispatcher.log()).containsOnlyOnce("machine on demand starts by qemu-system-x86_64");
            assertThat(control(settings).run("logs")).contains(NAME + " itself printed last:");
            dispatcher.kill();
        }
    }

    private static void takeOver(Fleet fleet, NixClient client, Path settings) throws Exception {
        try (DispatcherProcess dispatcher = DispatcherProcess.start(settings, fleet.socket(), "")) {
            dispatcher.awaitLog("machine on demand was found running", Duration.ofSeconds(60));
            build(client, dispatcher);
            assertThat(dispatcher.log()).doesNotContain("machine on demand starts");
            control(settings).run("stop", "--wait");
            assertThat(control(settings).power()).isEqualTo("off");
            assertThat(dispatcher.log()).doesNotContain("QEMU is told to end");
            assertThat(pid(fleet).flatMap(ProcessHandle::of)).isEmpty();
            assertThat(dispatcher.stop()).isZero();
        }
    }

    private static Optional<Long> pid(Fleet fleet) throws Exception {
        Path file = fleet.folder().resolve("state/machines/" + NAME + "/pid");
        return Files.exists(file)
                ? Optional.of(Long.parseLong(Files.readString(file).strip()))
                : Optional.empty();
    }

    private static void end(Fleet fleet) throws Exception {
        pid(fleet).flatMap(ProcessHandle::of).ifPresent(ProcessHandle::destroyForcibly);
    }

    private static void build(NixClient client, DispatcherProcess dispatcher) throws Exception {
        client.buildCommand("straggler")
                .with("--builders", dispatcher.builders())
                .run()
                .orFail();
    }

    private static MachineControl control(Path settings) {
        return new MachineControl(settings, NAME);
    }

    /// The fleet's, with the virtual machine in place of its machine.
    private Path settings(Fleet fleet) throws Exception {
        Path hostKey = folder.resolve("host_key");
        Command.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", hostKey)
                .run()
                .orFail();
        Path publicKey = fleet.key().resolveSibling(fleet.key().getFileName() + ".pub");
        Path boot = folder.resolve("boot");
        Command.of(
                        Checkout.script("vm-machine"),
                        boot,
                        NeedsVirtualMachines.Condition.kernel().orElseThrow(),
                        publicKey,
                        hostKey)
                .run()
                .orFail();
        String entry = String.join(
                "\n",
                "",
                "  - name: " + NAME,
                "    hostName: vm",
                "    systems: " + fleet.systems(),
                "    protocol: ssh-ng",
                "    sshUser: root",
                "    sshKey: " + fleet.key(),
                "    publicHostKey: "
                        + Files.readString(folder.resolve("host_key.pub")).strip(),
                "    maxJobs: 2",
                "    onDemand:",
                "      qemu:",
                "        program: qemu-system-x86_64",
                "        kernel: " + boot.resolve("kernel"),
                "        initrd: " + boot.resolve("initrd"),
                "        append: console=ttyS0 quiet panic=-1",
                "        cores: 2",
                "        memorySize: 1536",
                "        accelerator: tcg",
                "      bootTimeout: 2m");
        return DispatcherSettings.of(fleet).set("machines", entry).write("qemu");
    }
}
