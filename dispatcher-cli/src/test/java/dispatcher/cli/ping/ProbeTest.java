package dispatcher.cli.ping;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.wire.CommandChannel;
import dispatcher.wire.ProcessChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProbeTest {
    static final String ANSWER = """
            Welcome to arm-1!

            @@dispatcher-cores
            8

            @@dispatcher-disk
            Filesystem     1024-blocks      Used Available Capacity Mounted on
            /dev/vda1         41152736  20000000  21000000      49% /

            @@dispatcher-login
            nix

            @@dispatcher-groups
            nix builders

            @@dispatcher-version
            nix-store (Nix) 2.31.1

            @@dispatcher-config
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
        assertThat(offered.freeBytes()).hasValue(21_000_000L * 1024);
        assertThat(offered.nixVersion()).contains("2.31.1");
        assertThat(offered.trusted()).contains(true);
    }

    @Test
    void partsMayBeMissing() {
        assertThat(Probe.parse("")).isEqualTo(ProbedCapabilities.NOTHING_TOLD);
        assertThat(Probe.parse("This account is not available.\n")).isEqualTo(ProbedCapabilities.NOTHING_TOLD);
        assertThat(Probe.parse("@@dispatcher-cores\n@@dispatcher-disk\nnonsense\n@@dispatcher-config\n\n"))
                .isEqualTo(ProbedCapabilities.NOTHING_TOLD);
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
