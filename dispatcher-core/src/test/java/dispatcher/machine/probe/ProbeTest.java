package dispatcher.machine.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.MachineDescription;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.ProcessChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProbeTest {
    static final String ANSWER = """
            Welcome to arm-1!

            @@dispatcher-cores
            8

            @@dispatcher-memory
            MemTotal:       16384000 kB

            @@dispatcher-disk
            Filesystem     1024-blocks      Used Available Capacity Mounted on
            /dev/vda1         41152736  20000000  21000000      49% /

            @@dispatcher-login
            nix

            @@dispatcher-groups
            nix builders

            @@dispatcher-version
            nix-store (Nix) 2.31.1

            @@dispatcher-store
            "/nix/store"

            @@dispatcher-config
            experimental-features = ca-derivations nix-command
            extra-platforms = armv7l-linux
            system = aarch64-linux
            system-features = benchmark big-parallel nixos-test
            trusted-users = root @builders

            @@dispatcher-end
            """;

    @TempDir
    private Path directory;

    @Test
    void findsEveryPartOfAnAnswer() {
        var offered = Probe.parse(ANSWER);

        assertThat(offered.systems().orElseThrow()).containsExactly("aarch64-linux", "armv7l-linux");
        assertThat(offered.features().orElseThrow()).containsExactly("benchmark", "big-parallel", "nixos-test");
        assertThat(offered.cores()).hasValue(8);
        assertThat(offered.memory()).hasValue(16_384_000L * 1024);
        assertThat(offered.diskBytes()).hasValue(41_152_736L * 1024);
        assertThat(offered.storeDir()).contains("/nix/store");
        assertThat(offered.experimental().orElseThrow()).containsExactly("ca-derivations");
        assertThat(offered.freeBytes()).hasValue(21_000_000L * 1024);
        assertThat(offered.nixVersion()).contains("2.31.1");
        assertThat(offered.trusted()).contains(true);
    }

    @Test
    void partsMayBeMissing() {
        assertThat(Probe.parse("")).isEqualTo(MachineDescription.NOTHING);
        assertThat(Probe.parse("This account is not available.\n")).isEqualTo(MachineDescription.NOTHING);
        assertThat(Probe.parse("@@dispatcher-cores\n@@dispatcher-disk\nnonsense\n@@dispatcher-config\n\n"))
                .isEqualTo(MachineDescription.NOTHING);
    }

    @Test
    void aMacSaysItsMemoryInBytes() {
        assertThat(Probe.parse("@@dispatcher-memory\n17179869184\n").memory()).hasValue(1L << 34);
    }

    @Test
    void whatNoHonestMachineSaysIsNotSaid() {
        assertThat(config("system = x86_64-linux\u001b[31m").systems()).isEmpty();
        assertThat(config("system = x86_64-linux\nextra-platforms = " + "x".repeat(65))
                        .systems())
                .isEmpty();
        assertThat(config("system = x86_64-linux\nextra-platforms = " + numbered(100))
                        .systems())
                .isEmpty();
        assertThat(config("system-features = kvm,big-parallel").features()).isEmpty();
        assertThat(config("system-features = kvm \u202ebig").features()).isEmpty();
        assertThat(Probe.parse("@@dispatcher-version\nnix-store (Nix) 2.31.1\u0007\n")
                        .nixVersion())
                .contains("2.31.1");
        assertThat(Probe.parse("@@dispatcher-store\n\"/nix/\u0007store\"\n").storeDir())
                .isEmpty();
        assertThat(Probe.parse("@@dispatcher-cores\n99999999999\n").cores()).isEmpty();
        assertThat(Probe.parse("@@dispatcher-memory\nMemTotal: -1 kB\n").memory())
                .isEmpty();
    }

    private static MachineDescription config(String lines) {
        return Probe.parse("@@dispatcher-config\n" + lines + "\n");
    }

    private static String numbered(int names) {
        return IntStream.range(0, names).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    @Test
    void trustFollowsFromTheSettingsOfItsNix() {
        assertThat(trusted("me", "users", "root")).isFalse();
        assertThat(trusted("me", "users", "root me")).isTrue();
        assertThat(trusted("me", "users", "*")).isTrue();
        assertThat(trusted("me", "users wheel", "@wheel")).isTrue();
        assertThat(trusted("me", "users", "@wheel")).isFalse();
        assertThat(trusted("root", "root", "me")).isTrue();
    }

    private static boolean trusted(String login, String groups, String users) {
        return Probe.parse("@@dispatcher-login\n%s\n@@dispatcher-groups\n%s\n@@dispatcher-config\ntrusted-users = %s\n"
                        .formatted(login, groups, users))
                .trusted()
                .orElseThrow();
    }

    @Test
    void theScriptRunsInAPlainShell() throws IOException, InterruptedException {
        program("nix-store", "echo 'nix-store (Nix) 2.8.0'");
        program("nproc", "exit 1");
        program("getconf", "echo 3");
        // Like Nix before 2.20, which has no `config`.
        program("nix", "case \"$*\" in *show-config) cat; echo 'system = x86_64-linux' ;; *) exit 1 ;; esac");

        var offered = Probe.run(shell(), List.of(), opened -> {});

        assertThat(offered.nixVersion()).contains("2.8.0");
        assertThat(offered.cores()).hasValue(3);
        assertThat(offered.systems().orElseThrow()).containsExactly("x86_64-linux");
        assertThat(offered.features()).isEmpty();
        assertThat(offered.freeBytes()).isPresent();
    }

    /// As where `authorized_keys` forces a command: it takes the script for its own protocol, or does not read it.
    @Test
    void aProgramThatIsNoShellSaysNothing() throws IOException, InterruptedException {
        for (var program :
                List.of("true", "cat >/dev/null", "exec <&-; echo nonsense", "exec <&-; exec >&-; sleep 0.1"))
            try (var channel = ProcessChannel.start(List.of("sh", "-c", program))) {
                assertThat(Probe.run(channel, List.of())).isEqualTo(MachineDescription.NOTHING);
            }
    }

    private void program(String name, String script) throws IOException {
        var file = directory.resolve(name);
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    private Transport shell() {
        return new Transport() {
            @Override
            public CommandChannel open(String command) throws IOException {
                return ProcessChannel.start(List.of("env", "-i", "PATH=" + directory + ":/usr/bin:/bin", command));
            }

            @Override
            public void close() {}
        };
    }
}
