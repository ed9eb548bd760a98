package dispatcher.cli.web.build;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.testkit.FakeStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Logs on the page, over a real port.
@Timeout(60)
class BuildLogTest {
    private static final StorePath HELLO = FakeStore.path("hello-2.12.drv");
    private static final String HOSTILE = "</div><script>alert(1)</script>\u202e\u001b]0;x\u0007\u001b[2J\u001b[31mred";
    private static final String SHOWN = "&lt;/div&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x1b]0;x\\x07\\x1b[2J"
            + "<span class=\"log-red\">red</span>";

    @TempDir
    private Path directory;

    private BuildSite site;

    @BeforeEach
    void open() throws IOException {
        site = new BuildSite(directory);
        site.ask(1, "ci", HELLO);
        site.recorder.buildAssigned(1, HELLO, "a", "it is idle", Duration.ofSeconds(5));
    }

    @AfterEach
    void close() {
        site.close();
    }

    private void end() {
        site.recorder.buildEnded(1, HELLO, "a", BuildStatus.BUILT, "", Duration.ofSeconds(8));
    }

    @Test
    void thePageLeadsToIt() throws IOException, InterruptedException {
        assertThat(site.get("/builds/1").body())
                .contains("href=\"/builds/1/log\"", "href=\"/builds/1/log.txt\"")
                .contains("data-events=\"/builds/1/log/events\"", "/assets/build.js?v=");
    }

    @Test
    void comesWhileTheBuildRunsAndEndsWithIt() throws IOException, InterruptedException {
        site.print(1, "one");
        try (var stream = site.stream("/builds/1/log/events")) {
            assertThat(BuildSite.event(stream)).isEqualTo("event: begin\ndata: 0\n");
            assertThat(BuildSite.event(stream)).isEqualTo("event: rows\nid: 4\ndata: <div>one</div>\n");

            site.print(1, "two", HOSTILE);
            var rows = BuildSite.event(stream);
            assertThat(rows).startsWith("event: rows\nid: ").contains("<div>two</div><div>" + SHOWN + "</div>");

            end();
            assertThat(BuildSite.event(stream)).startsWith("event: end\n");
            assertThat(stream.readLine()).isNull();
        }
    }

    @Test
    void goesOnWhereABrowserHasStopped() throws IOException, InterruptedException {
        site.print(1, "one", "two");
        end();
        try (var stream = site.stream("/builds/1/log/events?from=4")) {
            assertThat(BuildSite.event(stream)).isEqualTo("event: begin\ndata: 4\n");
            assertThat(BuildSite.event(stream)).isEqualTo("event: rows\nid: 8\ndata: <div>two</div>\n");
            assertThat(BuildSite.event(stream)).startsWith("event: end\n");
        }
    }

    @Test
    void aStreamOfALongOneBeginsNearItsEnd() throws IOException, InterruptedException {
        var lines = IntStream.range(0, 40_000)
                .mapToObj("line %d of a long log"::formatted)
                .toArray(String[]::new);
        site.print(1, lines);
        end();
        var text = new StringBuilder();
        try (var stream = site.stream("/builds/1/log/events")) {
            assertThat(BuildSite.event(stream))
                    .startsWith("event: begin\ndata: ")
                    .doesNotContain("data: 0\n");
            for (var event = BuildSite.event(stream);
                    event.startsWith("event: rows");
                    event = BuildSite.event(stream)) {
                assertThat(event).hasSizeLessThan(400_000);
                text.append(event);
            }
        }
        assertThat(text.toString())
                .contains("<div>line 39999 of a long log</div>")
                .doesNotContain("<div>line 20000 of")
                // Whole lines only.
                .doesNotContainPattern("<div>(?!line \\d+ of a long log</div>)");
    }

    @Test
    void isThereInFullInPartsAndAsText() throws IOException, InterruptedException {
        var lines = IntStream.range(0, 40_000)
                .mapToObj(i -> "line %d of a \u001b[32mlong\u001b[0m log".formatted(i))
                .toArray(String[]::new);
        site.print(1, lines);
        site.print(1, HOSTILE);
        end();

        var text = site.get("/builds/1/log.txt");
        assertThat(text.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
        assertThat(text.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(text.body().lines()).hasSize(40_001).startsWith("line 0 of a long log");
        assertThat(text.body()).doesNotContain("\u001b", "\u202e", "\u0007").contains("\\x1b[2Jred");

        var path = "/builds/1/log";
        int rows = 0;
        int parts = 0;
        while (!path.isEmpty()) {
            var page = site.get(path).body();
            assertThat(page).doesNotContain("data-live", "<script>", "\u001b").hasSizeLessThan(2_000_000);
            rows += page.split("<div>line \\d+ of a <span class=\"log-green\">long</span> log</div>", -1).length - 1;
            parts++;
            path = page.contains(">Next part</a>")
                    ? page.replaceFirst("(?s).*href=\"(/builds/1/log\\?from=\\d+)\">Next part</a>.*", "$1")
                    : "";
        }
        assertThat(rows).isEqualTo(40_000);
        assertThat(parts).isGreaterThan(3);
        assertThat(site.get("/builds/1/log?last=1000").body()).contains(SHOWN);
    }

    @Test
    void oneThatIsNotThereIsSaidSo() throws IOException, InterruptedException {
        assertThat(site.get("/builds/1/log").body()).contains("It has printed nothing.");
        assertThat(site.get("/builds/9/log").statusCode()).isEqualTo(404);
        assertThat(site.get("/builds/9/log.txt").statusCode()).isEqualTo(404);
        assertThat(site.get("/builds/9/log/events").statusCode()).isEqualTo(404);
        assertThat(site.get("/builds/1/log?from=99").statusCode()).isEqualTo(400);
        assertThat(site.get("/builds/1/log?from=x").statusCode()).isEqualTo(400);
        assertThat(site.get("/builds/x/log/events").statusCode()).isEqualTo(400);
    }

    @Test
    void aStreamEndsWithTheServer() throws IOException, InterruptedException {
        try (var stream = site.stream("/builds/1/log/events")) {
            assertThat(BuildSite.event(stream)).startsWith("event: begin");
            site.stop();
            while (stream.readLine() != null) {
                // What was on its way.
            }
        } catch (IOException e) {
            // Cut off, which is an end too.
        }
    }
}
