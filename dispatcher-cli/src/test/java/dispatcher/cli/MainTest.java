package dispatcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void anErrorIsShownInThreeParts() {
        assertThat(run("builders", "--config", "/nowhere/x.yaml")).isEqualTo(1);
        assertThat(err.toString()).isEqualTo("""
                error: cannot read the settings
                  cause: there is no file /nowhere/x.yaml
                  next:  correct the name, or copy config/dispatcher.example.yaml there and edit it
                """);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void allFaultsOfTheSettingsAreShown() throws IOException {
        var file = directory.resolve("x.yaml");
        Files.writeString(file, "lisen: {}\nmachines: [{system: x86_64-linux}]\n");

        assertThat(run("builders", "-c", file.toString())).isEqualTo(1);
        assertThat(err.toString()).isEqualTo("""
                error: there are 3 faults in the settings
                  cause: %1$s:1: listen: socket or ssh is needed, else no client can come in
                         %1$s:1: lisen: unknown key; did you mean 'listen'?
                         %1$s:2: machines[0].hostName: is missing: name or address of the machine
                  next:  correct %1$s; every key is explained in config/dispatcher.example.yaml
                """.formatted(file));
    }

    @Test
    void aStackTraceIsShownOnlyOnDemand() {
        assertThat(run("builders", "--config", "/nowhere/x.yaml", "--debug")).isEqualTo(1);
        assertThat(err.toString()).contains("\tat dispatcher.cli.settings.");
    }

    @Test
    void wrongUsageHasStatusTwoAndANextStep() {
        assertThat(run("bilders")).isEqualTo(2);
        assertThat(err.toString()).isEqualTo("""
                error: wrong usage of dispatcher
                  cause: Unmatched argument at index 0: 'bilders'
                  next:  did you mean 'builders'? Else see `dispatcher --help`
                """);
    }

    @Test
    void aMistypedCommandIsNotTakenForAnOptionOfThatName() {
        assertThat(run("vresion")).isEqualTo(2);
        assertThat(err.toString()).contains("did you mean 'version'?");
    }

    @Test
    void aMistypedOptionIsFoundWhicheverLetterIsWrong() {
        assertThat(run("queue", "--onfig")).isEqualTo(2);
        assertThat(err.toString()).contains("did you mean '--config'?");
    }

    @Test
    void withoutACommandThereIsHelp() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).contains("Missing required subcommand", "see `dispatcher --help`");
    }

    @Test
    void helpNamesTheCommands() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("builders", "version");
    }

    private int run(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }
}
