package dispatcher.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// What it does without a terminal. `FleetCommandsIT` has one.
class TopCommandTest {
    @TempDir
    private Path directory;

    private final StringWriter err = new StringWriter();
    private Exception thrown = new IOException("nothing was thrown");

    private int run(String... args) {
        return new CommandLine(new TopCommand())
                .setErr(new PrintWriter(err, true))
                .setExecutionExceptionHandler((e, _, _) -> {
                    thrown = e;
                    return 1;
                })
                .execute(args);
    }

    @Test
    void withoutATerminalItNamesWhatWorksThere() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).contains("`dispatcher status`", "`dispatcher events --follow`", "top --once");
    }

    @Test
    void scriptsAreSentToWhatIsForThem() {
        assertThat(run("--once", "--json")).isEqualTo(2);
        assertThat(err.toString()).contains("`dispatcher status --json`");
    }

    @Test
    void withoutADispatcherItSaysSo() throws IOException {
        var config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines: [{hostName: a, system: x86_64-linux}]
                """);

        assertThat(run("--once", "--config", config.toString())).isEqualTo(1);
        assertThat(thrown)
                .isInstanceOfSatisfying(
                        UserFacingException.class,
                        e -> assertThat(e.what()).isEqualTo("cannot show the fleet: no dispatcher runs"));
    }
}
