package dispatcher.cli.builders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalShimTest {
    private static final Path PROGRAM = Path.of("/opt/dispatcher/bin/dispatcher-stdio");

    @TempDir
    private Path directory;

    @Test
    void nixRunsTheInstalledProgramWithTheSocketAsItsArgument() {
        assertThat(new LocalShim(PROGRAM, Path.of("/run/d/socket")).storeUri(Optional.empty()))
                .isEqualTo("ssh-ng://localhost?remote-program=/opt/dispatcher/bin/dispatcher-stdio%20/run/d/socket");
    }

    @Test
    void machineIsOneMoreArgument() {
        assertThat(new LocalShim(PROGRAM, Path.of("/run/d/socket")).storeUri(Optional.of("m1")))
                .isEqualTo("ssh-ng://localhost?remote-program=/opt/dispatcher/bin/dispatcher-stdio%20/run/d/socket"
                        + "%20--machine%20m1");
    }

    @Test
    void refusesPathsThatNixOrAShellOrSocatWouldMisread() {
        for (var name : new String[] {"a b", "a?b", "a&b", "a#b", "a;b", "a%b", "a$b", "a,b", "a:b", "ä"}) {
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() ->
                            new LocalShim(Path.of("/opt/" + name), Path.of("/run/socket")).storeUri(Optional.empty()))
                    .withMessageStartingWith("cannot write a builders line with /opt/%s: ", name)
                    .satisfies(e -> assertThat(e.next()).contains("--shim"));
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() -> new LocalShim(PROGRAM, Path.of("/run/" + name)).storeUri(Optional.empty()))
                    .withMessageStartingWith("cannot write a builders line with /run/%s: ", name)
                    .satisfies(e -> assertThat(e.next()).contains("listen.socket"));
        }
    }

    @Test
    void scriptOfAnEarlierVersionIsToldOfWhereOthersThanRootCouldChangeIt() throws IOException {
        assertThat(LocalShim.exposedScript(directory)).isEmpty();

        var script = Files.writeString(directory.resolve("dispatcher-stdio"), "#!/bin/sh\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThat(LocalShim.exposedScript(directory)).contains(script);
    }

    @Test
    void scriptOfAnEarlierVersionMayStayWhereOnlyRootCanChangeIt() throws IOException {
        assumeTrue(ProgramOwners.ofThisProcess().isRoot(), "only root can make such a file");
        Files.writeString(directory.resolve("dispatcher-stdio"), "#!/bin/sh\n");

        assertThat(LocalShim.exposedScript(directory)).isEmpty();
    }
}
