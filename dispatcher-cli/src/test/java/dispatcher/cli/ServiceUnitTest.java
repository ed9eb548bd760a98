package dispatcher.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The systemd unit that comes with the program.
@Timeout(60)
class ServiceUnitTest {
    private static final Path UNIT = Path.of("../config/dispatcher.service");

    /// What `systemd-analyze security` calls well protected ends here.
    private static final double MOST_EXPOSED = 3.0;

    private static List<String> lines() throws IOException {
        return Files.readAllLines(UNIT);
    }

    @Test
    void sigtermGoesToTheProgramWhichHasLongerThanItWaitsForBuilds() throws IOException {
        assertThat(lines())
                .contains("KillSignal=SIGTERM", "KillMode=mixed", "TimeoutStopSec=15min")
                .contains("ExecReload=/bin/kill -HUP $MAINPID")
                .contains("StateDirectory=dispatcher", "RuntimeDirectory=dispatcher")
                .contains("StandardError=journal");
    }

    @Test
    void systemdHearsWhenClientsCanComeInAndWhetherTheProgramIsAlive() throws IOException {
        assertThat(lines()).contains("Type=notify", "NotifyAccess=main", "WatchdogSec=60s", "Restart=on-failure");
    }

    @Test
    void theProgramThatRootRunsIsNotInADirectoryOfTheService() throws IOException {
        var program = lines().stream()
                .filter(line -> line.startsWith("ExecStart="))
                .findFirst()
                .orElseThrow();
        assertThat(program).doesNotContain("ExecStart=/var/", "ExecStart=/run/", "ExecStart=/etc/");
        assertThat(lines()).contains("ProtectSystem=strict").noneMatch(line -> line.startsWith("ReadWritePaths="));
    }

    @Test
    void systemdFindsNothingWrongWithItAndLittleExposed() throws Exception {
        var said = run("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT.toString());
        var level = Pattern.compile("Overall exposure level for dispatcher.service: ([0-9.]+)")
                .matcher(said);
        assertThat(level.find()).as(said).isTrue();
        assertThat(Double.parseDouble(level.group(1))).as(said).isLessThan(MOST_EXPOSED);
        assertThat(said).doesNotContainIgnoringCase("unknown").doesNotContainIgnoringCase("failed to parse");
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            System.err.println("skipped: no systemd-analyze here (Debian package systemd)");
            return abort("no systemd-analyze here (Debian package systemd)");
        }
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
