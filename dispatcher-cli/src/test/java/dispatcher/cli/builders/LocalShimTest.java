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
    void liesInTheStateDirectory() {
        var shim = LocalShim.of(Path.of("/var/lib/d"), Path.of("/run/d/socket"));

        assertThat(shim.script()).hasToString("/var/lib/d/dispatcher-stdio");
        assertThat(shim.storeUri()).isEqualTo("ssh-ng://localhost?remote-program=/var/lib/d/dispatcher-stdio");
    }

    @Test
    void refusesPathsThatNixOrAShellWouldMisread() {
        for (var name : new String[] {"a b", "a?b", "a&b", "a#b", "a;b", "a%b", "a$b", "ä"}) {
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() -> LocalShim.of(Path.of("/var/" + name), Path.of("/run/socket"))
                            .storeUri())
                    .withMessageStartingWith("cannot write a builders line with /var/%s/dispatcher-stdio: ", name);
        }
    }

    @Test
    void runsTheShimWithTheSocket() throws IOException, InterruptedException {
        var program = directory.resolve("it's real");
        Files.writeString(program, "#!/bin/sh\nprintf '%s|' \"$@\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        var shim = LocalShim.of(directory.resolve("state"), directory.resolve("the socket's"));

        shim.install(program);
        shim.install(program);

        var process = new ProcessBuilder(shim.script().toString(), "--serve", "--write")
                .redirectErrorStream(true)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(shim.socket() + "|--serve|--write|");
        assertThat(process.waitFor()).isZero();
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("it's real", "state");
    }

    @Test
    void isWrittenAnewWhenTheProgramHasChanged() throws IOException {
        var program = directory.resolve("program");
        var shim = LocalShim.of(directory, directory.resolve("socket"));
        Files.writeString(program, "old");
        shim.install(program);
        Files.writeString(program, "new");
        shim.install(program);

        assertThat(Files.readString(shim.script())).endsWith("new");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(shim.script())))
                .isEqualTo("rwxr-xr-x");
    }
}
