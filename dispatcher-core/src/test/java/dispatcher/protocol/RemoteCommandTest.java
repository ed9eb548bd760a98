package dispatcher.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteCommandTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nix-daemon --stdio",
                "  nix-daemon   --stdio ",
                "'nix-daemon' --stdio",
                "nix-daemon --stdio --process-ops",
                "nix-daemon --stdio --store /mnt/store --process-ops",
                "nix-daemon --stdio --store ''",
                "nix-daemon --stdio --store '/mnt/it'\\''s here'",
                "nix-daemon --stdio --store \"/mnt/a b\"",
                "nix-daemon --store '--stdio' --stdio",
                "/run/current-system/sw/bin/nix-daemon --stdio",
                "'/run/with blank/nix-daemon' --stdio",
                "sudo nix-daemon --stdio",
                "sudo -n -u nix /usr/bin/nix-daemon --stdio",
                "env NIX_CONF_DIR=/etc/other nix-daemon --stdio",
                "nix daemon --stdio",
                "/usr/bin/nix --extra-experimental-features nix-command daemon --stdio",
            })
    void recognisesTheWorkerProtocol(String command) {
        assertThat(RemoteCommand.recognise(command)).contains(ClientProtocol.WORKER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nix-store --serve --write",
                "nix-store --serve",
                "nix-store --serve --write --store '/mnt/store'",
                "nix-store --serve --write --store daemon",
                "/nix/var/nix/profiles/default/bin/nix-store --serve --write",
                "sudo nix-store --serve --write",
            })
    void recognisesTheServeProtocol(String command) {
        assertThat(RemoteCommand.recognise(command)).contains(ClientProtocol.SERVE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "   ",
                "nix-daemon",
                "nix-daemon --store --stdio",
                "nix-daemon --stdiox",
                "nix-daemonx --stdio",
                "nix-store --realise /nix/store/x",
                "nix-store --store --serve",
                "nix --stdio",
                "nix store --stdio ping",
                "nix build",
                "echo 'nix-daemon --stdio'",
                "uname -a",
                "nix-daemon --stdio; reboot",
                "nix-daemon --stdio && id",
                "nix-daemon --stdio > /tmp/x",
                "nix-daemon --stdio $(id)",
                "nix-daemon --stdio \"$HOME\"",
                "nix-daemon --stdio 'unfinished",
                "nix-daemon --stdio \"unfinished",
                "nix-daemon --stdio \\",
                "nix-daemon --stdio\nid",
            })
    void recognisesNothingElse(String command) {
        assertThat(RemoteCommand.recognise(command)).isEmpty();
    }

    @Test
    void commandOfAKeySaysWhatItPermits() {
        var worker = new Permission(Optional.of(ClientProtocol.WORKER), true);
        var serve = new Permission(Optional.of(ClientProtocol.SERVE), true);
        var looking = new Permission(Optional.of(ClientProtocol.SERVE), false);
        assertThat(RemoteCommand.permission("nix-daemon --stdio")).contains(worker);
        assertThat(RemoteCommand.permission("/usr/bin/nix daemon --stdio")).contains(worker);
        assertThat(RemoteCommand.permission("nix-store --serve --write")).contains(serve);
        assertThat(RemoteCommand.permission("'/run/current-system/sw/bin/nix-store' --write --serve"))
                .contains(serve);
        assertThat(RemoteCommand.permission("nix-store --serve")).contains(looking);

        assertThat(worker.objection(ClientProtocol.WORKER)).isEmpty();
        assertThat(worker.objection(ClientProtocol.SERVE))
                .hasValueSatisfying(why -> assertThat(why).contains("use ssh-ng:// in place of ssh://"));
        assertThat(serve.objection(ClientProtocol.WORKER))
                .hasValueSatisfying(why -> assertThat(why).contains("use ssh:// in place of ssh-ng://"));
        for (var protocol : ClientProtocol.values())
            assertThat(Permission.ALL.objection(protocol)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nix-daemon",
                "sudo nix-daemon --stdio",
                "wrapper nix-store --serve",
                "env A=b nix-daemon --stdio",
                "nix-daemon --stdio --store /mnt",
                "nix-store --serve --serve",
                "nix-store --serve --write extra",
                "nix-daemon --stdio; id",
                "nix-daemon --stdio \"$SSH_ORIGINAL_COMMAND\"",
                "bash -c 'nix-daemon --stdio'",
            })
    void commandOfAKeyWithAnythingAroundItPermitsNothing(String command) {
        assertThat(RemoteCommand.permission(command)).isEmpty();
    }

    /// A look at all that follows each word would take the square of their number.
    @Test
    @Timeout(20)
    @Tag("slow")
    void manyWordsTakeNoTime() {
        assertThat(RemoteCommand.recognise("nix ".repeat(1 << 20))).isEmpty();
        assertThat(RemoteCommand.recognise("nix-daemon ".repeat(1 << 20) + "--stdio"))
                .contains(ClientProtocol.WORKER);
    }
}
