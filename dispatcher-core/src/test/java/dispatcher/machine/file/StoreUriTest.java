package dispatcher.machine.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.machine.MachineProtocol;
import dispatcher.nix.NixSyntaxException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StoreUriTest {

    @Test
    void readsEveryPart() {
        assertThat(StoreUri.parse("ssh-ng://nix@arm-3.lan:2222?ssh-key=/etc/a%20key&max-connections=4"))
                .isEqualTo(new StoreUri(
                        MachineProtocol.SSH_NG,
                        Optional.of("nix"),
                        "arm-3.lan",
                        OptionalInt.of(2222),
                        new TreeMap<>(Map.of("ssh-key", "/etc/a key", "max-connections", "4"))));
    }

    @Test
    void withoutASchemeItIsSsh() {
        var uri = StoreUri.parse("root@10.0.0.7");

        assertThat(uri.protocol()).isEqualTo(MachineProtocol.SSH);
        assertThat(uri.user()).contains("root");
        assertThat(uri.host()).isEqualTo("10.0.0.7");
        assertThat(uri.port()).isEmpty();
    }

    @Test
    void readsIpv6Addresses() {
        assertThat(StoreUri.parse("ssh://[::1]").host()).isEqualTo("::1");
        assertThat(StoreUri.parse("ssh://nix@[fd00::7]:2222").host()).isEqualTo("fd00::7");
        assertThat(StoreUri.parse("ssh://nix@[fd00::7]:2222").port()).hasValue(2222);
        assertThat(StoreUri.parse("ssh://fd00::7").host()).isEqualTo("fd00::7");
        assertThat(StoreUri.parse("ssh://fd00::7").port()).isEmpty();
        assertThat(StoreUri.parse("ssh://[fe80::1%25eth0]").host()).isEqualTo("fe80::1%eth0");
        assertThat(StoreUri.parse("ssh://[fe80::1%eth0]").host()).isEqualTo("fe80::1%eth0");
    }

    @Test
    void aValueMayHoldEqualsSigns() {
        assertThat(StoreUri.parse("ssh://a?base64-ssh-public-host-key=c3NoLQ==").parameters())
                .containsEntry("base64-ssh-public-host-key", "c3NoLQ==");
    }

    @Test
    void saysWhatIsWrong() {
        assertFault("unix:///run/x", "machines are reached by ssh-ng:// or ssh://, and not by unix://");
        assertFault("https://cache", "machines are reached by ssh-ng:// or ssh://, and not by https://");
        assertFault("auto", "it means the store of this host; a machine is ssh-ng://HOST");
        assertFault("local?root=/x", "it means the store of this host; a machine is ssh-ng://HOST");
        assertFault("/mnt/store", "there is a / where only user, host and port are expected");
        assertFault("ssh://a/b", "there is a / where only user, host and port are expected");
        assertFault("ssh://", "the host is missing");
        assertFault("ssh://nix@", "the host is missing");
        assertFault("ssh://@a", "there is no user before the @");
        assertFault("ssh://nix:secret@a", "SSH takes no password from a URI");
        assertFault("ssh://-oProxyCommand=x", "'-oProxyCommand=x' is no host name or address");
        assertFault("ssh://-x@a", "there is no user before the @");
        assertFault("ssh://[::1", "there is no ] after [");
        assertFault("ssh://[::1]22", "after ] comes only :port");
        assertFault("ssh://a:0", "'0' is no port from 1 to 65535");
        assertFault("ssh://a:x", "'x' is no port from 1 to 65535");
        assertFault("ssh://a:65536", "'65536' is no port from 1 to 65535");
        assertFault("ssh://a?compress", "'compress' does not read name=value");
        assertFault("ssh://a?b=%2", "% is not followed by two hexadecimal digits");
        assertFault("ssh://a#b", "it has a fragment (#)");
    }

    private static void assertFault(String text, String message) {
        assertThatExceptionOfType(NixSyntaxException.class)
                .isThrownBy(() -> StoreUri.parse(text))
                .withMessage("'%s' is not a store URI of a machine: %s", text, message);
    }
}
