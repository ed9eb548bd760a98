package dispatcher.cli.builders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalShimTest {
    @TempDir
    private Path directory;

    @Test
    void standsBesideTheSocket() {
        assertThat(LocalShim.of(Path.of("/run/d/dispatcher.sock")).script()).hasToString("/run/d/dispatcher-stdio");
        assertThat(LocalShim.of(Path.of("/run/d/socket")).script()).hasToString("/run/d/socket-stdio");
        assertThat(LocalShim.of(Path.of("/run/d/dispatcher.sock")).storeUri())
                .isEqualTo("ssh-ng://localhost?remote-program=/run/d/dispatcher-stdio");
    }

    @Test
    void refusesPathsThatNixOrAShellWouldMisread() {
        for (var name : new String[] {"a b", "a?b", "a&b", "a#b", "a;b", "a%b", "a$b", "ä"}) {
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() ->
                            LocalShim.of(Path.of("/run/" + name + "/x.sock")).storeUri())
                    .withMessageStartingWith("cannot write a builders line for the socket /run/%s/x.sock: ", name);
        }
    }

    @Test
    void runsTheRealShimWithTheSocket() throws IOException, InterruptedException {
        var program = directory.resolve("it's real");
        Files.writeString(program, "#!/bin/sh\nprintf '%s|' \"$@\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        var shim = LocalShim.of(directory.resolve("the socket.sock"));

        shim.install(program);
        shim.install(program);

        var process = new ProcessBuilder(shim.script().toString(), "--serve", "--write")
                .redirectErrorStream(true)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(shim.socket() + "|--serve|--write|");
        assertThat(process.waitFor()).isZero();
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("it's real", "the socket-stdio");
    }

    @Test
    void isWrittenAnewWhenTheProgramHasMoved() throws IOException {
        var shim = LocalShim.of(directory.resolve("x.sock"));
        shim.install(Path.of("/old/bin/dispatcher-stdio"));
        shim.install(Path.of("/new/bin/dispatcher-stdio"));

        assertThat(Files.readString(shim.script())).contains("/new/bin").doesNotContain("/old/bin");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(shim.script())))
                .isEqualTo("rwxr-xr-x");
    }
}
