package dispatcher.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorizedKeysTest {
    private static final String KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDdTvq8Do3IxXhwySQbrCB1VSr0XkZbVYmWWkMF2Zv9V";

    @Test
    void theCommentIsTheName() {
        assertThat(AuthorizedKeys.Line.parse(KEY + " ada's  laptop ").name()).isEqualTo("ada's  laptop");
        assertThat(AuthorizedKeys.Line.parse(KEY).name()).startsWith("SHA256:");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no-pty ",
                "restrict,pty ",
                "environment=\"A=\\\"b c\\\", d\",no-agent-forwarding\t",
                "unheard-of=\"from=nowhere\" ",
                "command=\"nix-daemon --stdio\",restrict ",
                "command=\"nix-store --serve --write\" ",
                "command=\"nix-daemon --stdio --store \\\"/a b\\\"\" "
            })
    void harmlessOptionsArePassedOver(String options) {
        assertThat(AuthorizedKeys.Line.parse(options + KEY + " ada"))
                .isEqualTo(new AuthorizedKeys.Line(HostKey.parse(KEY), "ada"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "from=\"10.0.0.0/8\" ",
                "no-pty,FROM=\"10.0.0.0/8\" ",
                "environment=\"A=b,c\",from=10.0.0.1 ",
                "cert-authority ",
                "cert-authority,principals=\"ada\" ",
                "expiry-time=\"20200101\" ",
                "command=\"rsync --server\" ",
                "command ",
                "command=\"",
            })
    void restrictingOptionsAreRefused(String options) {
        assertThatThrownBy(() -> AuthorizedKeys.Line.parse(options + KEY)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "ssh-ed25519",
                "ssh-ed25519 AAAA",
                "ssh-ed25519 !!!",
                "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIDdTvq8Do3IxXhwySQbrCB1VSr0XkZbVYmWWkMF2Zv9V",
                "sk-ssh-ed25519@openssh.com AAAA",
                "environment=\"A=b ssh-ed25519 AAAA"
            })
    void whatIsNoKeyIsRefused(String line) {
        assertThatThrownBy(() -> AuthorizedKeys.Line.parse(line)).isInstanceOf(IllegalArgumentException.class);
    }
}
