package dispatcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.json.Json;
import dispatcher.text.Printable;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// What reaches the log of a program of its own, since there is one log for each.
@Timeout(60)
@Tag("slow")
class LogTest {
    @TempDir
    private Path directory;

    private static final String HOSTILE =
            "a\n2026-01-01 00:00:00.000 INFO  machine back machine=evil\r\u001b[2J\u202eb\u2028c";
    private static final String SHOWN =
            "a\\n2026-01-01 00:00:00.000 INFO  machine back machine=evil\\r\\x1b[2J\\u202eb\\u2028c";

    /// Logs what a peer might have us log.
    static final class Peer {
        public static void main(String[] args) {
            Logging.configure(
                    false,
                    Map.of(
                            "DISPATCHER_LOG_FORMAT",
                            args[0],
                            "JOURNAL_STREAM",
                            Objects.requireNonNullElse(System.getenv("JOURNAL_STREAM"), "")));
            var log = LoggerFactory.getLogger("dispatcher");
            log.atInfo().addKeyValue("name", HOSTILE).log("first: {}", HOSTILE);
            var cause = new IOException(HOSTILE);
            cause.addSuppressed(new IllegalStateException(HOSTILE));
            log.atWarn().setCause(new IOException("plain", cause)).log("second");
            log.atInfo().log("x".repeat(100_000));
            log.atWarn().setCause(new IOException("honest")).log("last");
        }
    }

    private static List<String> log(String format) throws Exception {
        var process = peer(format).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return lines(said);
    }

    private static ProcessBuilder peer(String format) {
        return new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath(),
                Peer.class.getName(),
                format);
    }

    private static List<String> lines(String said) {
        assertThat(said.chars().filter(c -> c != '\n' && c != '\t' && Printable.isOdd(c)))
                .as(said)
                .isEmpty();
        return said.lines().toList();
    }

    /// Of this process, however its launcher keeps it.
    private static String classPath() {
        var path = System.getProperty("java.class.path");
        if (!(LogTest.class.getClassLoader() instanceof URLClassLoader loader)) return path;
        return Stream.concat(Arrays.stream(loader.getURLs()).map(URL::getPath), Stream.of(path))
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void anEventForPeopleIsOneLineWhateverIsInIt() throws Exception {
        var lines = log("text");

        assertThat(lines.getFirst()).endsWith(" INFO  first: " + SHOWN + " name=" + SHOWN);
        assertThat(lines.stream().filter(line -> line.matches("\\d{4}-\\d\\d-\\d\\d .*")))
                .hasSize(4);
    }

    /// What the journal would get: here its stream is a file.
    private List<String> logForTheJournal(String stream) throws Exception {
        var file = Files.createFile(directory.resolve("journal"));
        var of = Files.readAttributes(file, "unix:dev,ino");
        var peer = peer("text").redirectError(file.toFile()).redirectOutput(Redirect.DISCARD);
        peer.environment().put("JOURNAL_STREAM", stream.formatted(of.get("dev"), of.get("ino")));
        var process = peer.start();
        assertThat(process.waitFor()).isZero();
        return lines(Files.readString(file));
    }

    @Test
    void forTheJournalEveryLineBeginsWithItsPriorityAndHasNoTime() throws Exception {
        var lines = logForTheJournal("%s:%s");

        assertThat(lines.getFirst()).isEqualTo("<6>first: " + SHOWN + " name=" + SHOWN);
        assertThat(lines).contains("<4>second", "<4>last", "<4>java.io.IOException: honest");
        assertThat(lines).filteredOn(line -> line.startsWith("<4>\tat ")).isNotEmpty();
        assertThat(lines).allMatch(line -> line.matches("<[46]>.*"));
        assertThat(lines).filteredOn(line -> line.startsWith("<6>")).hasSize(2);
    }

    @Test
    void aStreamThatIsNotTheJournalsIsWrittenAsEver() throws Exception {
        assertThat(logForTheJournal("%s:1%s").getFirst())
                .matches("\\d{4}-\\d\\d-\\d\\d .*")
                .endsWith(" INFO  first: " + SHOWN + " name=" + SHOWN);
    }

    @Test
    void exceptionsSayWhatTheySaidInOneLineEach() throws Exception {
        var lines = log("text");

        assertThat(lines)
                .filteredOn(line -> line.contains("Caused by: "))
                .singleElement()
                .asString()
                .endsWith("java.io.IOException: " + SHOWN);
        assertThat(lines)
                .filteredOn(line -> line.contains("Suppressed: "))
                .singleElement()
                .asString()
                .endsWith("java.lang.IllegalStateException: " + SHOWN);
        assertThat(lines).contains("java.io.IOException: honest");
    }

    @Test
    void whatIsVeryLongIsCut() throws Exception {
        assertThat(log("text"))
                .filteredOn(line -> line.contains("xxxx"))
                .singleElement()
                .asString()
                .endsWith("x… (91840 more characters)");
    }

    @Test
    void anEventForProgramsSaysTheSame() throws Exception {
        var events = log("json").stream().map(Json::parse).toList();

        assertThat(events).hasSize(4);
        assertThat(events.getFirst().path("message").textValue()).isEqualTo("first: " + SHOWN);
        assertThat((Object) events.getFirst().path("data"))
                .isEqualTo(Json.object().put("name", SHOWN));
    }
}
