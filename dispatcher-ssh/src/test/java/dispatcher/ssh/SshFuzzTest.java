package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.protocol.RemoteCommand;
import dispatcher.ssh.config.ConfigFuzz;
import dispatcher.ssh.keys.AuthorizedKey;
import dispatcher.ssh.keys.HostKey;
import dispatcher.ssh.keys.KeyFiles;
import dispatcher.ssh.keys.KnownHosts;
import dispatcher.testkit.Bounds;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;

/// Every parser of text from files and clients either refuses it with its own exception or understands it.
///
/// A normal run only replays the inputs under `src/test/resources/dispatcher/ssh/SshFuzzTestInputs`.
/// `scripts/fuzz` looks for new ones.
class SshFuzzTest {
    private static final String DURATION = "10m";

    @FuzzTest(maxDuration = DURATION)
    void command(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryCommand(bytes));
    }

    private static void tryCommand(byte[] bytes) {
        String command = new String(bytes, UTF_8);
        RemoteCommand.recognise(command)
                .ifPresent(protocol ->
                        assertThat(RemoteCommand.recognise("sudo " + command)).contains(protocol));
    }

    @FuzzTest(maxDuration = DURATION)
    void authorizedKey(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryAuthorizedKey(bytes));
    }

    private static void tryAuthorizedKey(byte[] bytes) {
        try {
            AuthorizedKey line = AuthorizedKey.parse(new String(bytes, UTF_8).strip());
            assertThat(HostKey.parse(line.key().toString())).isEqualTo(line.key());
            assertThat(line.name()).isNotBlank();
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void knownHosts(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryKnownHosts(bytes));
    }

    private static void tryKnownHosts(byte[] bytes) {
        String text = new String(bytes, UTF_8);
        assertThat(KnownHosts.find(text, "file", "alpha", 22))
                .allSatisfy(entry ->
                        assertThat(HostKey.parse(entry.key().toString())).isEqualTo(entry.key()));
    }

    @FuzzTest(maxDuration = DURATION)
    void privateKey(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryPrivateKey(bytes));
    }

    private static void tryPrivateKey(byte[] bytes) {
        try {
            assertThat(KeyFiles.parse(Path.of("key"), bytes).getPublic()).isNotNull();
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            // What the callers turn into their own exceptions.
            assertThat(e).isNotNull();
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void sshConfig(byte[] bytes) {
        Bounds.hold(bytes.length * ConfigFuzz.MOST_FILES, () -> ConfigFuzz.read(new String(bytes, UTF_8)));
    }
}
