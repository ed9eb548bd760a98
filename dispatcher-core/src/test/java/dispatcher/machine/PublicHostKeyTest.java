package dispatcher.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.nix.NixSyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

public class PublicHostKeyTest {
    static final String KEY = "AAAAC3NzaC1lZDI1NTE5AAAAILTNDAv9OI9CdXO0lewXwsi/k34jvxHLZ6x3YxW7q6cq";
    public static final String LINE = "ssh-ed25519 " + KEY;

    @Test
    void readsTheLineOfAKeyFile() {
        assertThat(PublicHostKey.parse(LINE + " root@arm-3\n")).hasToString(LINE);
    }

    @Test
    void readsTheBase64OfTheLine() {
        var encoded = base64(LINE + " root@arm-3\n");

        assertThat(PublicHostKey.parse(encoded)).hasToString(LINE);
        assertThat(PublicHostKey.ofEncodedLine(encoded)).hasToString(LINE);
    }

    @Test
    void readsSeveralLinesAndTheBase64OfThem() {
        var rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQU=";
        var lines = "# of arm-3\n" + LINE + " root@arm-3\n\n" + rsa + "\n" + rsa + " again\n";
        var broken = base64(lines).replaceAll(".{76}", "$0\n");

        for (var text : new String[] {lines, base64(lines), broken})
            assertThat(PublicHostKey.lines(PublicHostKey.parseAll(text))).isEqualTo(LINE + "\n" + rsa);
        assertThatExceptionOfType(NixSyntaxException.class)
                .isThrownBy(() -> PublicHostKey.parse(lines))
                .withMessageEndingWith("it is 2 keys");
        assertThatExceptionOfType(NixSyntaxException.class)
                .isThrownBy(() -> PublicHostKey.parseAll(LINE + "\nnonsense\n"))
                .withMessageEndingWith("a line should be `<type> <key>`");
    }

    @Test
    void writesTheBase64OfTheLineThatItReads() {
        var key = PublicHostKey.parse(LINE);

        assertThat(PublicHostKey.ofEncodedLine(key.encodedLine())).isEqualTo(key);
    }

    @Test
    void saysWhatIsWrong() {
        assertFault("ssh-ed25519 AAAA****", "it is not valid base 64");
        assertFault("ssh-rsa " + KEY, "the key says of itself that it is of the type ssh-ed25519");
        assertFault("ssh-ed25519 AAAA", "the text after the type is no SSH key");
        assertFault(KEY, "this is a bare key; wanted is the base 64 of the whole line `<type> <key>`");
        assertFault(base64("hello"), "it is neither a line `<type> <key>` nor the base 64 of one");
        assertFault("", "it is neither a line `<type> <key>` nor the base 64 of one");
    }

    private static void assertFault(String text, String message) {
        assertThatExceptionOfType(NixSyntaxException.class)
                .isThrownBy(() -> PublicHostKey.parse(text))
                .withMessageEndingWith(message);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
