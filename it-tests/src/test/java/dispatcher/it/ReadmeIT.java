package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The commands in README.md, the documents beside it and those in docs, and their links. Nothing is built
/// or served; needs no root.
class ReadmeIT {

    /// A line of an indented code block that begins with a program of the checkout, or the same within a sentence.
    private static final Pattern COMMAND =
            Pattern.compile("^ {4,}((?:\\./|it-tests/|scripts/).*)$|`(\\./[^`]+)`", Pattern.MULTILINE);

    private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#]*)(?:#([^)]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ +(.*)$", Pattern.MULTILINE);
    private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*");
    private static final Pattern SETTINGS =
            Pattern.compile("^( +)listen:\n(?:\\1.*\n)+?\\1machines:\n(?:\\1.*\n)+", Pattern.MULTILINE);

    @TempDir
    private Path folder;

    /// @param target a file or folder; empty for the document itself
    /// @param anchor of a heading there; empty for none
    record Link(Path document, String target, String anchor) {
        Path path() {
            return target.isEmpty() ? document : document.resolveSibling(target).normalize();
        }
    }

    static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        try (Stream<Path> beside = Files.list(Checkout.root());
                Stream<Path> inDocs = Files.walk(Checkout.root().resolve("docs"))) {
            Stream.concat(beside, inDocs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .forEach(documents::add);
        }
        assertThat(documents).contains(Checkout.root().resolve("README.md"));
        return documents;
    }

    /// Their words, options and values included.
    static Set<String> commands() throws IOException {
        Set<String> commands = new TreeSet<>();
        for (Path document : documents())
            COMMAND.matcher(Files.readString(document))
                    .results()
                    .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
                    .map(String::strip)
                    .forEach(commands::add);
        assertThat(commands).contains("./demo", "./check", "./dispatcher ping", "./dispatcher serve");
        return commands;
    }

    static Set<Link> links() throws IOException {
        Set<Link> links = new LinkedHashSet<>();
        for (Path document : documents())
            LINK.matcher(Files.readString(document))
                    .results()
                    .map(match -> new Link(document, match.group(1), match.group(2) == null ? "" : match.group(2)))
                    .forEach(links::add);
        return links;
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
    void linkLeadsSomewhere(Link link) throws IOException {
        assertThat(link.path()).exists();
        if (!link.anchor().isEmpty()) assertThat(anchors(link.path())).contains(link.anchor());
    }

    /// As GitHub makes them of headings.
    private static List<String> anchors(Path document) throws IOException {
        return HEADING.matcher(Files.readString(document))
                .results()
                .map(match -> match.group(1).strip().toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .toList();
    }

    @Test
    void exampleSettingsLoad() throws Exception {
        Path example = Checkout.root().resolve("config/dispatcher.example.yaml");

        assertThat(builders(example).out()).contains("ssh-ng://");
    }

    /// The key of the host is cut off there, for brevity; our own host key is asked for nowhere.
    @Test
    void settingsInTheTextLoad() throws Exception {
        String text = SETTINGS.matcher(Files.readString(Checkout.root().resolve("README.md")))
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
        return Command.of(
                        Checkout.dispatcher(),
                        "builders",
                        "--config",
                        settings,
                        "--shim",
                        Checkout.shim(folder.resolve("any")))
                .run()
                .orFail();
    }

    private static boolean isWord(String text) {
        return !text.startsWith("-");
    }
}
