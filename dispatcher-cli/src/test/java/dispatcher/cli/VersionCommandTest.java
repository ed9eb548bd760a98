package dispatcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class VersionCommandTest {

    @Test
    void printsTheVersionOfTheProgramAndOfJava() {
        StringWriter out = new StringWriter();

        int status = Main.commandLine().setOut(new PrintWriter(out)).execute("version");

        assertThat(status).isZero();
        assertThat(out.toString()).matches("dispatcher \\d+\\.\\d+\\.\\d+(-SNAPSHOT)? \\(java \\d+[^)]*\\)\\R");
    }
}
