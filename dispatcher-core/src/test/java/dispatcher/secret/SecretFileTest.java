package dispatcher.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretFileTest {
    @TempDir
    private Path temp;

    private Path file;

    @BeforeEach
    void write() throws Exception {
        file = Files.writeString(temp.resolve("key"), "secret");
    }

    private void mode(String mode) throws Exception {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "r--------", "rwx------"})
    void isNotExposedToOthers(String mode) throws Exception {
        mode(mode);
        assertThat(SecretFile.exposure("key file", file)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw-rw-rw-"})
    void isExposedAndTellsWhatToRun(String mode) throws Exception {
        mode(mode);
        assertThat(SecretFile.exposure("key file", file)).hasValueSatisfying(exposure -> {
            assertThat(exposure.what()).isEqualTo("the key file %s can be read by others (%s)".formatted(file, mode));
            assertThat(exposure.nextStep()).startsWith("run `chmod 600 %s`".formatted(file));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwx--x--x", "rw--w----"})
    void isOpenToOthersInAnyWay(String mode) throws Exception {
        mode(mode);
        assertThat(SecretFile.exposure("key file", file))
                .hasValueSatisfying(exposure -> assertThat(exposure.what())
                        .isEqualTo("the key file %s is open to others (%s)".formatted(file, mode)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"r--r-----", "r--r--r--", "rw-r--r--"})
    void isNoneOfOurBusinessIfSomebodyElseOwnsIt(String mode) throws Exception {
        mode(mode);
        assertThat(SecretFile.exposure("key file", file, false, Optional.empty()))
                .isEmpty();
    }

    @Test
    void isJudgedByItsOwner() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can give files away");
        mode("r--r-----");
        assertThat(SecretFile.exposure("key file", file)).isPresent();
        Files.setAttribute(file, "unix:uid", 12345);
        assertThat(SecretFile.exposure("key file", file)).isEmpty();
    }

    @Test
    void credentialsOfSystemdAreForTheServiceAlone() throws Exception {
        mode("r--r-----");
        assertThat(SecretFile.exposure("key file", file, true, Optional.of(temp)))
                .isEmpty();
        Files.createDirectory(temp.resolve("x"));
        assertThat(SecretFile.exposure("key file", temp.resolve("x/../key"), true, Optional.of(temp.resolve("x"))))
                .isPresent();
    }
}
