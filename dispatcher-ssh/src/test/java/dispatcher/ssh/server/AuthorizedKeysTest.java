package dispatcher.ssh.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.protocol.ClientProtocol;
import dispatcher.protocol.Permission;
import dispatcher.ssh.keys.AuthorizedKey;
import dispatcher.ssh.keys.HostKey;
import dispatcher.ssh.keys.KeyOptions;
import dispatcher.ssh.server.AuthorizedKeys.Admitted;
import dispatcher.ssh.server.AuthorizedKeys.Refused;
import dispatcher.ssh.server.AuthorizedKeys.Unknown;
import dispatcher.testkit.ManualClock;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorizedKeysTest {
    private static final String KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDdTvq8Do3IxXhwySQbrCB1VSr0XkZbVYmWWkMF2Zv9V";

    @TempDir
    private Path dir;

    private final ManualClock clock = new ManualClock();

    private AuthorizedKeys keys(String... lines) throws Exception {
        Path file = dir.resolve("keys");
        Files.writeString(file, String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return new AuthorizedKeys(file, clock);
    }

    private static AuthorizedKeys.Answer answer(AuthorizedKeys keys, String from) {
        return keys.answer(HostKey.parse(KEY), InetAddress.ofLiteral(from));
    }

    private static KeyOptions options(String text) {
        return AuthorizedKey.parse(text + " " + KEY).options();
    }

    @Test
    void theCommentIsTheName() {
        assertThat(AuthorizedKey.parse(KEY + " ada's  laptop ").name()).isEqualTo("ada's  laptop");
        assertThat(AuthorizedKey.parse("restrict " + KEY + " ada \"at home\"").name())
                .isEqualTo("ada \"at home\"");
        assertThat(AuthorizedKey.parse(KEY).name()).startsWith("SHA256:");
    }

    @Test
    void thereMayBeMoreBlanksThanOne() {
        assertThat(AuthorizedKey.parse("restrict \t " + KEY.replace(" ", " \t ") + "  ada"))
                .isEqualTo(new AuthorizedKey(HostKey.parse(KEY), "ada", KeyOptions.NONE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no-pty ",
                "restrict,pty ",
                "no-port-forwarding,No-Agent-Forwarding,no-X11-forwarding,no-user-rc ",
                "environment=\"A=\\\"b c\\\", d\",no-agent-forwarding\t",
                "permitopen=\"h:1\",permitlisten=\"2\",tunnel=\"0\",no-touch-required,verify-required ",
            })
    void optionsThatRestrictWhatIsNotHereAreHonouredByThat(String options) {
        assertThat(AuthorizedKey.parse(options + KEY + " ada"))
                .isEqualTo(new AuthorizedKey(HostKey.parse(KEY), "ada", KeyOptions.NONE));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                    cert-authority                          | certificates are not supported
                    principals="ada"                        | certificates are not supported
                    cert-authority,principals="ada"         | certificates are not supported
                    form="10.0.0.0/8"                       | option 'form': OpenSSH has no such option
                    no-ptty                                 | option 'no-ptty': OpenSSH has no such option
                    unheard-of="from=nowhere"               | option 'unheard-of': OpenSSH has no such option
                    restrict="yes"                          | option 'restrict': OpenSSH has no such option
                    no-pty,,restrict                        | option '': OpenSSH has no such option
                    from=10.0.0.1                           | option 'from': its value must be in double quotes
                    from                                    | option 'from': it needs a value
                    environment="A=b,c",from=10.0.0.1       | option 'from': its value must be in double quotes
                    from="*.example.org"                    | option 'from': '*.example.org' lets no client in
                    from="10.0.0.1",from="10.0.0.2"         | option 'from': it is there twice
                    from="10.0.0.0/8"x                      | option 'from': its value must be in double quotes
                    expiry-time="20261301"                  | option 'expiry-time': '20261301' is no time
                    expiry-time="tomorrow"                  | option 'expiry-time': 'tomorrow' is no time
                    command="rsync --server"                | option 'command': 'rsync --server' cannot be run here
                    command="wrapper nix-daemon --stdio"    | option 'command': 'wrapper nix-daemon --stdio' cannot be run here
                    command="nix-daemon --stdio --store /a" | cannot be run here
                    command                                 | option 'command': it needs a value
                    command="                               | a quote is not closed
                    """)
    void optionsThatCannotBeHonouredAreRefused(String options, String why) {
        assertThatThrownBy(() -> AuthorizedKey.parse(options + " " + KEY))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    @Test
    void commandRestrictsToItsProtocol() {
        assertThat(options("command=\"nix-daemon --stdio\",restrict").permission())
                .isEqualTo(new Permission(Optional.of(ClientProtocol.WORKER), true));
        assertThat(options("COMMAND=\"nix-store --serve --write\"").permission())
                .isEqualTo(new Permission(Optional.of(ClientProtocol.SERVE), true));
        assertThat(options("restrict,command=\"nix-store --serve\"").permission())
                .isEqualTo(new Permission(Optional.of(ClientProtocol.SERVE), false));
    }

    @Test
    void timesAreThoseOfSshd() {
        assertThat(options("expiry-time=\"20300102Z\"").expires()).contains(Instant.parse("2030-01-02T00:00:00Z"));
        assertThat(options("expiry-time=\"203001021530Z\"").expires()).contains(Instant.parse("2030-01-02T15:30:00Z"));
        assertThat(options("expiry-time=\"20300102153012utc\"").expires())
                .contains(Instant.parse("2030-01-02T15:30:12Z"));
        assertThat(options("expiry-time=\"20300102\"").expires())
                .contains(LocalDate.of(2030, 1, 2)
                        .atStartOfDay(ZoneId.systemDefault())
                        .toInstant());
    }

    @Test
    void keyComesInOnlyFromWhereItMay() throws Exception {
        var keys = keys("# ours", "from=\"10.0.0.0/8,!10.1.0.0/16\" " + KEY + " ada");
        assertThat(answer(keys, "10.2.0.1")).isInstanceOf(Admitted.class);
        assertThat(answer(keys, "10.1.0.1"))
                .isEqualTo(new Refused(
                        "ada",
                        dir.resolve("keys") + ":2: from=\"10.0.0.0/8,!10.1.0.0/16\" does not let it in from 10.1.0.1"));
        assertThat(keys.answer(
                        HostKey.parse(
                                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                        InetAddress.ofLiteral("10.2.0.1")))
                .isInstanceOf(Unknown.class);
    }

    @Test
    void keyIsNoLongerGoodOnceItHasExpired() throws Exception {
        var keys = keys("expiry-time=\"20260102Z\" " + KEY + " ada");
        assertThat(answer(keys, "10.2.0.1")).isInstanceOf(Admitted.class);
        clock.advance(Duration.ofDays(1));
        assertThat(answer(keys, "10.2.0.1"))
                .isInstanceOfSatisfying(
                        Refused.class, it -> assertThat(it.why()).contains("it has expired"));
    }

    @Test
    void ofSeveralLinesWithAKeyTheFirstCountsThatLetsItIn() throws Exception {
        var keys = keys(
                "from=\"10.1.0.0/16\" " + KEY + " office",
                "from=\"10.0.0.0/8\",command=\"nix-daemon --stdio\" " + KEY + " elsewhere");
        assertThat(answer(keys, "10.1.0.1"))
                .isInstanceOfSatisfying(
                        Admitted.class, it -> assertThat(it.key().name()).isEqualTo("office"));
        assertThat(answer(keys, "10.2.0.1"))
                .isInstanceOfSatisfying(
                        Admitted.class, it -> assertThat(it.key().name()).isEqualTo("elsewhere"));
        assertThat(answer(keys, "192.0.2.1"))
                .isInstanceOfSatisfying(
                        Refused.class, it -> assertThat(it.why()).contains("keys:1: ", "keys:2: "));
    }

    @Test
    void keyWithOptionsThatCannotBeHonouredDoesNotComeIn() throws Exception {
        assertThat(answer(keys("form=\"10.0.0.0/8\" " + KEY), "192.0.2.1")).isInstanceOf(Unknown.class);
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
        assertThatThrownBy(() -> AuthorizedKey.parse(line)).isInstanceOf(IllegalArgumentException.class);
    }

    /// No client can have it, so that the line would let nobody in, without a word.
    @Test
    void keyThatIsNotWholeIsReported() {
        for (int cut = 4; cut <= 40; cut += 4) {
            var line = KEY.substring(0, KEY.length() - cut) + " ada";
            assertThatThrownBy(() -> AuthorizedKey.parse(line))
                    .as(line)
                    .hasMessageContaining("the key is cut short or has something behind it");
        }
        assertThatThrownBy(() -> AuthorizedKey.parse("restrict " + KEY + "AAAA ada"))
                .hasMessageContaining("the key is cut short or has something behind it");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sk-ssh-ed25519@openssh.com AAAAGnNr me",
                "no-touch-required sk-ssh-ed25519@openssh.com AAAAGnNr me",
                "ssh-dss AAAAB3 me",
                "ssh-ed25519-cert-v01@openssh.com AAAAIH me"
            })
    void typeThatIsNotSupportedIsNamed(String line) {
        assertThatThrownBy(() -> AuthorizedKey.parse(line)).hasMessageContaining("are not supported here");
    }
}
