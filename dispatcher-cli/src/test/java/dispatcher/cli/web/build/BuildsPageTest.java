package dispatcher.cli.web.build;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildStatus;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.testkit.FakeStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildsPageTest {
    private static final Pattern ROW = Pattern.compile("href=\"/builds/(\\d+)\"");
    private static final Pattern OLDER = Pattern.compile("href=\"([^\"]+)\">Older builds<");
    private static final int MACHINES = 300;
    private static final int BUILDS = 5_000;
    private static final Duration PROMISED = Duration.ofMillis(200);

    @TempDir
    private Path directory;

    private static List<Long> rows(String page) {
        return ROW.matcher(page)
                .results()
                .map(row -> Long.parseLong(row.group(1)))
                .toList();
    }

    private static Optional<String> older(String page) {
        return OLDER.matcher(page)
                .results()
                .map((MatchResult link) -> link.group(1).replace("&amp;", "&"))
                .findFirst();
    }

    private static BuildRecord[] some() {
        return new BuildRecord[] {
            BuildSite.over(1, "tool-1.0", "a", "ci", Outcome.BUILT),
            BuildSite.over(2, "tool-2.0", "b", "ci", Outcome.FAILED),
            BuildSite.over(3, "lib-1.0", "a", "laptop", Outcome.BUILT),
        };
    }

    @Test
    void showsTheNewestFirstEachWithALinkToItsPage() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory, some())) {
            site.ask(7, "desk", FakeStore.path("new-1.0.drv"));
            var answer = site.get("/builds");

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(rows(answer.body())).containsExactly(4L, 3L, 2L, 1L);
            assertThat(answer.body())
                    .contains("<caption class=\"unseen\">Builds</caption>", ">new-1.0</a>", ">waiting</span>", "desk")
                    .contains("href=\"/machines/b\">b</a>", ">failed</span>", "1 GiB", "50 s")
                    .doesNotContain("Older builds", "Newest builds");
        }
    }

    @Test
    void filtersByWhatIsInTheAddress() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory, some())) {
            site.clock.advance(Duration.ofSeconds(62));

            assertThat(rows(site.get("/builds?name=tool").body())).containsExactly(2L, 1L);
            assertThat(rows(site.get("/builds?machine=a&client=ci").body())).containsExactly(1L);
            assertThat(rows(site.get("/builds?outcome=failed").body())).containsExactly(2L);
            assertThat(rows(site.get("/builds?since=60s").body())).containsExactly(3L, 2L);
            assertThat(rows(site.get("/builds?since=2026-01-01T00:00:03Z").body()))
                    .containsExactly(3L);
            assertThat(site.get("/builds?outcome=failed,refused&name=tool").body())
                    .contains("value=\"tool\"", "<option value=\"failed,refused\" selected>");
            assertThat(site.get("/builds?machine=none").body()).contains("No build on record is like that.");
        }
    }

    @Test
    void saysWhatIsWrongWithAFilter() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            assertThat(site.get("/builds").body()).contains("No build is on record.");
            var answer = site.get("/builds?since=yesterday");
            assertThat(answer.statusCode()).isEqualTo(400);
            assertThat(answer.body()).contains("neither a time as in RFC 3339, nor a duration, such as 2h: yesterday");
            assertThat(site.get("/builds?outcome=great").statusCode()).isEqualTo(400);
            assertThat(site.get("/builds?rows=1001").statusCode()).isEqualTo(400);
            assertThat(site.get("/builds?before=x").statusCode()).isEqualTo(400);
        }
    }

    @Test
    void hasAllBuildsOnPagesThatKeepTheFilters() throws IOException, InterruptedException {
        var before = LongStream.rangeClosed(1, 120)
                .mapToObj(id -> BuildSite.over(id, id % 2 == 0 ? "even" : "odd", "a", "ci", Outcome.BUILT))
                .toArray(BuildRecord[]::new);
        try (var site = new BuildSite(directory, before)) {
            var seen = new ArrayList<Long>();
            var next = Optional.of("/builds?name=even&rows=25");
            while (next.isPresent()) {
                var page = site.get(next.get()).body();
                seen.addAll(rows(page));
                next = older(page);
            }
            assertThat(seen)
                    .containsExactlyElementsOf(LongStream.iterate(120, id -> id - 2)
                            .limit(60)
                            .boxed()
                            .toList());
            var second = site.get("/builds?before=50&name=even").body();
            assertThat(second).contains("href=\"/builds?name=even\">Newest builds</a>");
            // A changed filter begins with the newest again.
            assertThat(second).doesNotContain("name=\"before\"");
        }
    }

    @Test
    void isQuickWithManyBuildsAndMachines() throws IOException, InterruptedException {
        var before = LongStream.rangeClosed(1, BUILDS)
                .mapToObj(id -> BuildSite.over(
                        id, "package-%d-1.0".formatted(id % 700), "m" + id % MACHINES, "ci" + id % 7, Outcome.BUILT))
                .toArray(BuildRecord[]::new);
        try (var site = new BuildSite(directory, before)) {
            for (var path : List.of("/builds", "/builds?machine=m7&client=ci3", "/builds?name=package-1&since=30d")) {
                long best = Long.MAX_VALUE;
                for (int i = 0; i < 10; i++) {
                    long began = System.nanoTime();
                    assertThat(rows(site.get(path).body())).isNotEmpty();
                    best = Math.min(best, System.nanoTime() - began);
                }
                assertThat(Duration.ofNanos(best)).as(path).isLessThan(PROMISED);
            }
            assertThat(site.get("/builds").body()).hasSizeLessThan(100_000);
        }
    }

    @Test
    void showsHostileWordsAsText() throws IOException, InterruptedException {
        var hostile = "<img src=x onerror=alert(1)>\"'\u202e\u001b[31m";
        try (var site = new BuildSite(directory)) {
            site.ask(1, hostile, FakeStore.path("x.drv"));
            site.recorder.buildAssigned(1, FakeStore.path("x.drv"), hostile, hostile, Duration.ZERO);
            site.recorder.buildEnded(
                    1, FakeStore.path("x.drv"), hostile, BuildStatus.PERMANENT_FAILURE, hostile, Duration.ofSeconds(1));
            for (var path : List.of("/builds", "/builds/1"))
                assertThat(site.get(path).body())
                        .contains("&lt;img src=x onerror=alert(1)&gt;")
                        .doesNotContain("<img", "\u202e", "\u001b", " style=", "<script>");
        }
    }
}
