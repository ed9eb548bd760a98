package dispatcher.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;

/// What `--help` prints, of every command.
class HelpTest {
    private static final int COLUMNS = 80;

    @TestFactory
    Stream<DynamicTest> nothingIsCutAtEightyColumns() {
        return withSubcommands(Main.commandLine())
                .map(command ->
                        dynamicTest(command.getCommandSpec().qualifiedName(), () -> assertNothingIsCut(command)));
    }

    private static Stream<CommandLine> withSubcommands(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(HelpTest::withSubcommands));
    }

    private static void assertNothingIsCut(CommandLine command) {
        var spec = command.getCommandSpec();
        var help = command.setUsageHelpWidth(COLUMNS).getUsageMessage(Ansi.OFF);

        assertThat(help.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(COLUMNS));
        for (var paragraph : spec.usageMessage().description()) {
            assertThat(withoutBlanks(help)).contains(withoutBlanks(paragraph));
            assertIsWhole(paragraph);
        }
        for (var argument : spec.args()) if (!argument.hidden()) assertIsThere(argument, help);
        for (var below : command.getSubcommands().values()) {
            // Picocli lists a command with the first of its paragraphs.
            var first = below.getCommandSpec().usageMessage().description()[0];
            assertThat(withoutBlanks(help)).contains(withoutBlanks(first));
        }
    }

    private static void assertIsThere(ArgSpec argument, String help) {
        assertThat(withoutBlanks(help)).contains(withoutBlanks(String.join("", argument.description())));
        assertIsWhole(String.join(" ", argument.description()));
    }

    private static void assertIsWhole(String paragraph) {
        assertThat(Arrays.asList('.', ':')).contains(paragraph.charAt(paragraph.length() - 1));
    }

    private static String withoutBlanks(String text) {
        return text.replaceAll("\\s", "");
    }
}
