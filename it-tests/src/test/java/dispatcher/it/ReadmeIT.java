package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What README.md tells people to type, and what it links to. Nothing is built or served; needs no root.
class ReadmeIT {

    /// A line of an indented code block that begins with a program of the checkout, or the same within a sentence.
    private static final Pattern COMMAND =
            Pattern.compile("^ {4,}((?:\\./|it-tests/).*)$|`(\\./[^`]+)`", Pattern.MULTILINE);

    private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#]+)");
    private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*");
    private static final Pattern SETTINGS =
            Pattern.compile("^( +)listen:\n(?:\\1.*\n)+?\\1machines:\n(?:\\1.*\n)+", Pattern.MULTILINE);

    @TempDir
    private Path folder;

    /// Its words, options and values included.
    static List<String> commands() throws IOException {
        List<String> commands = COMMAND.matcher(readme())
                .results()
                .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
                .map(String::strip)
                .distinct()
                .toList();
        assertThat(commands).contains("./demo", "./check", "./dispatcher ping", "./dispatcher serve");
        return commands;
    }

    static List<String> links() throws IOException {
        return LINK.matcher(readme())
                .results()
                .map(match -> match.group(1))
                .distinct()
                .toList();
    }

    /// Help that works shows that the program and its subcommand are there.
    @ParameterizedTest
    @MethodSource("commands")
    void programIsThereAndKnowsTheOptions(String command) throws Exception {
        List<String> words = List.of(command.split(" +"));
        Path program = Checkout.root().resolve(words.getFirst());
        assertThat(program).isExecutable();

        Result help = Command.of(program)
                .with(words.stream().skip(1).takeWhile(ReadmeIT::isWord).toArray())
                .with("--help")
                .run()
                .orFail();

        assertThat(help.out()).isNotBlank();
        assertThat(OPTION.matcher(command).results().map(MatchResult::group))
                .allSatisfy(option -> assertThat(help.out()).contains(option));
    }

    @ParameterizedTest
    @MethodSource("links")
    void linkLeadsSomewhere(String link) {
        assertThat(Checkout.root().resolve(link)).exists();
    }

    @Test
    void exampleSettingsLoad() throws Exception {
        Path example = Checkout.root().resolve("config/dispatcher.example.yaml");

        assertThat(builders(example).out()).contains("ssh-ng://");
    }

    /// The key of the host is cut off there, for brevity; our own host key is asked for nowhere.
    @Test
    void settingsInTheTextLoad() throws Exception {
        String text = SETTINGS.matcher(readme())
                .results()
                .findFirst()
                .map(match -> match.group().stripTrailing().stripIndent())
                .orElseThrow();
        Path settings = Files.writeString(
                folder.resolve("dispatcher.yaml"),
                Stream.concat(
                                text.lines().filter(line -> !line.contains("publicHostKey")),
                                Stream.of("state: " + folder.resolve("state")))
                        .collect(Collectors.joining("\n", "", "\n")));

        assertThat(builders(settings).out()).contains("ssh-ng://", "i686-linux,x86_64-linux");
    }

    private Result builders(Path settings) throws Exception {
        return Command.of(Checkout.dispatcher(), "builders", "--config", settings, "--shim", Checkout.shim(folder))
                .run()
                .orFail();
    }

    private static boolean isWord(String text) {
        return !text.startsWith("-");
    }

    private static String readme() throws IOException {
        return Files.readString(Checkout.root().resolve("README.md"));
    }
}
