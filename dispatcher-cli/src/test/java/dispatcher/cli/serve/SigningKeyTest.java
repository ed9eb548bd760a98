package dispatcher.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningKeyTest {
    private static final String SECRET = Base64.getEncoder().encodeToString(new byte[64]);

    @TempDir
    private Path temp;

    private Path file(String mode, String text) throws IOException {
        var file = Files.writeString(temp.resolve("key"), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        return file;
    }

    @Test
    void keyIsRead() throws IOException {
        assertThat(SigningKey.read(file("rw-------", "cache-1:" + SECRET + "\n"))
                        .name())
                .isEqualTo("cache-1");
    }

    @Test
    void fileThatOthersCanReadIsRefused() throws IOException {
        var file = file("rw-r-----", "cache-1:" + SECRET);
        assertThatThrownBy(() -> SigningKey.read(file)).isInstanceOfSatisfying(UserFacingException.class, e -> {
            assertThat(e.why()).contains("can be read by others (rw-r-----)");
            assertThat(e.next()).contains("chmod 600 " + file);
        });
    }

    @Test
    void whatIsNoKeyIsRefusedWithoutShowingIt() throws IOException {
        var file = file("rw-------", "cache-1:" + SECRET + SECRET);
        assertThatThrownBy(() -> SigningKey.read(file)).isInstanceOfSatisfying(UserFacingException.class, e -> {
            assertThat(e.what()).contains("secretKeyFile " + file);
            assertThat(e.why() + e.next()).doesNotContain(SECRET).contains("generate-binary-cache-key");
        });
    }

    @Test
    void fileThatIsMissingIsTold() {
        assertThatThrownBy(() -> SigningKey.read(temp.resolve("none")))
                .isInstanceOfSatisfying(
                        UserFacingException.class, e -> assertThat(e.why()).isEqualTo("it does not exist"));
    }
}
