package dispatcher.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.settings.document.ExampleFile;
import dispatcher.cli.settings.document.Reference;
import dispatcher.cli.settings.document.SettingsSchema;
import dispatcher.cli.settings.yaml.SettingsException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ConfigCommandTest {
    private static final String GOOD = "listen: {socket: d.sock}\nmachines: [{hostName: a, system: x86_64-linux}]\n";

    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private String write(String text) throws IOException {
        return Files.writeString(directory.resolve("d.yaml"), text).toString();
    }

    private int run(String... arguments) {
        return new CommandLine(new ConfigCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, _, _) -> {
                    if (e instanceof SettingsException wrong) err.write(wrong.why());
                    return 1;
                })
                .execute(arguments);
    }

    @Test
    void checkSaysThatAFileIsGood() throws IOException {
        var file = write(GOOD);

        assertThat(run("check", file)).isZero();
        assertThat(out.toString()).isEqualTo("%s has no fault: 1 machine\n".formatted(file));
    }

    @Test
    void checkTakesTheSettingsByTheOptionAsWell() throws IOException {
        var file = write(GOOD);

        assertThat(run("check", "--config", file)).isZero();
        assertThat(run("--config", file, "check")).isZero();
        assertThat(out.toString())
                .isEqualTo("%s has no fault: 1 machine\n".formatted(file).repeat(2));
    }

    @Test
    void checkShowsWarnings() throws IOException {
        var file = write(GOOD + "timeouts: {reply: 1m}\n");

        assertThat(run("check", file)).isZero();
        assertThat(out.toString()).isEqualTo("""
                %1$s has no fault: 1 machine
                not used, or probably not meant:
                  %1$s:3: timeouts.reply: this is now called `timeouts.nixReply`; the old name still works
                """.formatted(file));
    }

    @Test
    void checkShowsAllFaults() throws IOException {
        var file = write(GOOD + "maxAttempts: 0\ncolour: blue\n");

        assertThat(run("check", file)).isEqualTo(1);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString())
                .contains(
                        file + ":3: maxAttempts: '0' is not a whole number from 1 to 1000",
                        file + ":4: colour: unknown key");
    }

    @Test
    void checkPrintsJson() throws IOException {
        var file = write(GOOD + "maxAttempts: 0\n");

        assertThat(run("check", "--json", file)).isEqualTo(1);
        assertThat(out.toString()).isEqualTo("""
                {"faults":[{"file":"%1$s","key":"maxAttempts","line":3,"message":"'0' is not a whole number from 1 to 1000"}],\
                "file":"%1$s","valid":false,"warnings":[]}
                """.formatted(file));
    }

    @Test
    void checkPrintsWarningsAsJson() throws IOException {
        var file = write(GOOD + "schedule: {patience: 1m}\n");

        assertThat(run("check", "--json", file)).isZero();
        assertThat(out.toString()).isEqualTo("""
                {"faults":[],"file":"%1$s","valid":true,"warnings":[{"file":"%1$s","key":"schedule.patience","line":3,\
                "message":"this is now called `schedule.firstAfterWaiting`; the old name still works"}]}
                """.formatted(file));
    }

    @Test
    void theDocumentsArePrinted() {
        assertThat(run("example")).isZero();
        assertThat(run("reference")).isZero();
        assertThat(run("schema")).isZero();
        assertThat(out.toString()).isEqualTo(ExampleFile.text() + Reference.text() + SettingsSchema.text());
    }

    @Test
    void withoutASubcommandIsWrongUsage() {
        assertThat(run()).isEqualTo(2);
    }
}
