package dispatcher.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.testkit.Bounds;
import java.nio.charset.StandardCharsets;

/// Whatever names a client in the settings, it becomes a pattern that is written and read again, or is refused
/// with a message. No pattern takes long to match, whatever the name.
///
/// A normal run only replays the inputs under `src/test/resources/dispatcher/access/ClientPatternFuzzTestInputs`.
/// `scripts/fuzz` looks for new ones.
class ClientPatternFuzzTest {
    private static final String DURATION = "10m";

    /// The first line names the client; the rest is a name to match.
    @FuzzTest(maxDuration = DURATION)
    void clientPattern(byte[] bytes) {
        var lines = new String(bytes, StandardCharsets.UTF_8).split("\n", 2);
        var name = lines.length == 2 ? lines[1] : "";
        Bounds.hold(bytes.length, () -> tryKey(lines[0], name));
        Bounds.hold(bytes.length, () -> tryUser(lines[0], name));
    }

    private static void tryKey(String text, String name) {
        try {
            var pattern = ClientPattern.ofKey(text);
            assertThat(pattern.covers(pattern)).isTrue();
            switch (pattern) {
                case ClientPattern.Fingerprint fingerprint -> {
                    assertThat(ClientPattern.ofKey(fingerprint.text())).isEqualTo(fingerprint);
                    assertThat(fingerprint.isForKey(fingerprint.text(), name)).isTrue();
                }
                case ClientPattern.Name named -> {
                    assertThat(ClientPattern.ofKey(named.text())).isEqualTo(named);
                    check(named, name);
                }
            }
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    private static void tryUser(String text, String name) {
        try {
            var user = ClientPattern.ofUser(text);
            assertThat(ClientPattern.ofUser(user.text())).isEqualTo(user);
            check(user, name);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    private static void check(ClientPattern.Name pattern, String name) {
        boolean matches = pattern.matches(name);
        if (!pattern.hasWildcard()) assertThat(matches).isEqualTo(name.equals(pattern.text()));
        if (pattern.isAny()) assertThat(matches).isTrue();
        // A match goes on to what the pattern names with that text in front of or behind it.
        if (matches)
            assertThat(new ClientPattern.Name("*" + pattern.text() + "*").matches("x" + name + "y"))
                    .isTrue();
        assertThat(pattern.matches(pattern.text())).isTrue();
    }
}
