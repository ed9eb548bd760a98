package dispatcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class VersionCommandTest {
    private final StringWriter out = new StringWriter();

    @Test
    void printsTheVersionOfTheProgramAndOfJava() {
        assertThat(run("version")).isZero();
        assertThat(out.toString()).matches("dispatcher \\d+\\.\\d+\\.\\d+(-SNAPSHOT)? \\(java \\d+[^)]*\\)\\R");
    }

    @Test
    void printsJson() {
        assertThat(run("version", "--json")).isZero();
        assertThat(out.toString()).matches("\\{\"java\":\"[^\"]+\",\"version\":\"[^\"]+\"}\\R");
    }

    private int run(String... arguments) {
        return Main.commandLine().setOut(new PrintWriter(out)).execute(arguments);
    }
}
