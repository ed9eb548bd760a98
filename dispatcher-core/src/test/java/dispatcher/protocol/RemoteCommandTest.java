package dispatcher.protocol;

import static org.assertj.core.api.Assertions.assertThat;

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

    /// A look at all that follows each word would take the square of their number.
    @Test
    @Timeout(20)
    void manyWordsTakeNoTime() {
        assertThat(RemoteCommand.recognise("nix ".repeat(1 << 20))).isEmpty();
        assertThat(RemoteCommand.recognise("nix-daemon ".repeat(1 << 20) + "--stdio"))
                .contains(ClientProtocol.WORKER);
    }
}
