package dispatcher.cli.web.build;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.control.BuildControl;
import dispatcher.build.control.BuildControls;
import dispatcher.build.control.Intervention;
import dispatcher.cli.actions.BuildActions;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.action.BuildAction;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.machines.MachineAnswers;
import dispatcher.cli.queue.QueueEndpoint;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.web.fleet.FleetPages;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// People who act on builds on the page; a reverse proxy says who they are.
class BuildButtonsTest {
    private static final StorePath RUNS = FakeStore.path("runs-1.0.drv");
    private static final StorePath FIRST = FakeStore.path("first-1.0.drv");
    private static final StorePath HELLO = FakeStore.path("hello-2.12.drv");

    @TempDir
    private Path directory;

    private final BuildControls controls = new BuildControls();
    private final BuildQueue queue =
            new BuildQueue(List.of(Machines.machine("m", 1, 1)), SchedulerOptions.DEFAULT, InstantSource.system());
    private BuildQueue.Ticket slot;
    private BuildSite site;

    @BeforeEach
    void open() throws IOException {
        var web = new Settings.Web(Optional.empty(), Optional.of("X-User"), Settings.Web.DEFAULT.proxies(), List.of());
        site = new BuildSite(directory, web, this::endpoints, FleetPages.pages());
        slot = queue.submit(request(RUNS), Set.of());
        queue.submit(request(FIRST), Set.of());
        queue.submit(request(HELLO), Set.of());
    }

    private List<Endpoint> endpoints(BuildRecorder recorder) {
        var endpoints = new ArrayList<>(new BuildActions(controls, queue, recorder).endpoints());
        endpoints.add(new QueueEndpoint(queue, InstantSource.system()).endpoint());
        endpoints.add(Endpoint.get(
                MachinesAnswer.PATH,
                _ -> new MachinesAnswer(
                        Instant.now(),
                        queue.snapshot().machines().stream()
                                .map(MachineAnswers::of)
                                .toList())));
        return endpoints;
    }

    private static BuildRequest request(StorePath drvPath) {
        return new BuildRequest(drvPath, BuildSite.X86, new TreeSet<>());
    }

    @AfterEach
    void close() {
        slot.cancel();
        site.close();
    }

    private String page(String path) throws IOException, InterruptedException {
        return site.send(site.to(path).header("X-User", "anna").GET()).body();
    }

    private HttpResponse<String> press(String button, Map<String, String> fields)
            throws IOException, InterruptedException {
        return site.send(form(button, fields).header("X-User", "anna").header("Sec-Fetch-Site", "same-origin"));
    }

    private HttpRequest.Builder form(String button, Map<String, String> fields) {
        var body = new TreeMap<>(fields)
                .entrySet().stream()
                        .map(field ->
                                field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                        .collect(Collectors.joining("&"));
        return site.to("/actions/" + button).POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private static String noteAt(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(303);
        return answer.headers().firstValue("Location").orElseThrow();
    }

    @Test
    void areShownToThoseWhoMayAct() throws IOException, InterruptedException {
        site.ask(1, "ci", HELLO);

        assertThat(page("/queue"))
                .contains("action=\"/actions/raise\"", "action=\"/actions/cancel\"")
                .contains("<summary>Change<span class=\"unseen\"> hello-2.12.drv</span></summary>")
                .contains("href=\"/builds/" + HELLO + "\"");
        assertThat(page("/running")).contains("action=\"/actions/retry\"", "action=\"/actions/cancel\"");
        assertThat(page("/machines/m")).contains("action=\"/actions/retry\"");
        assertThat(page("/builds/1"))
                .contains("action=\"/actions/raise\"", "action=\"/actions/cancel\"")
                .doesNotContain("/actions/retry");
        for (var path : List.of("/queue", "/running", "/machines/m", "/builds/1"))
            assertThat(site.get(path).body())
                    .as(path)
                    .doesNotContain("/actions/")
                    .contains("<table");
    }

    @Test
    void aBuildThatIsOverHasNone() throws IOException, InterruptedException {
        site.ask(1, "ci", HELLO);
        site.recorder.buildAssigned(1, HELLO, "m", "it is idle", Duration.ZERO);
        assertThat(page("/builds/1")).contains("/actions/retry").doesNotContain("/actions/raise");
        site.recorder.buildFound(1, HELLO);
        assertThat(page("/builds/1")).doesNotContain("/actions/");
    }

    @Test
    void cancellingTellsClientsWhoAndWhyAndThePageSaysSo() throws IOException, InterruptedException {
        site.ask(1, "ci", HELLO);
        var build = new BuildControl(HELLO);
        try (var _ = controls.add(build)) {
            var note = noteAt(
                    press("cancel", Map.of("build", "1", "reason", " wrong <b>branch ", "back", "/builds/1?x=%2F")));

            assertThat(build.cancelled()).contains(new Intervention("anna", "wrong <b>branch"));
            assertThat(note).startsWith("/builds/1?").contains("x=%2F");
            var page = page(note);
            assertThat(page)
                    .contains("role=\"status\"")
                    .contains("hello-2.12.drv is cancelled. Its clients get the reason.")
                    // What follows the page and its links do not say it again.
                    .contains("data-live=\"/live?of=%2Fbuilds%2F1%3Fx%3D%252F\"");
            assertThat(page("/builds/1?said=hello")).doesNotContain("role=\"status\" tabindex", "hello</p>");
        }
    }

    @Test
    void raisingPutsABuildFirst() throws IOException, InterruptedException {
        try (var _ = controls.add(new BuildControl(HELLO))) {
            var note = noteAt(press("raise", Map.of("build", HELLO.toString(), "back", "/queue")));

            assertThat(queue.snapshot().waiting().getFirst().build().request().drvPath())
                    .isEqualTo(HELLO);
            assertThat(page(note)).contains("hello-2.12.drv goes before the others that wait.");
        }
    }

    @Test
    void retryingMovesABuild() throws IOException, InterruptedException {
        var build = new BuildControl(RUNS);
        var begun = new CountDownLatch(1);
        var moved = new CompletableFuture<Optional<Intervention>>();
        try (var _ = controls.add(build)) {
            var thread = Thread.startVirtualThread(() -> {
                build.begin();
                build.arrive("m");
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    moved.complete(build.takeMove());
                }
            });
            begun.await();
            var note = noteAt(press("retry", Map.of("build", RUNS.toString(), "reason", "slow", "back", "/running")));

            assertThat(moved.join()).contains(new Intervention("anna", "slow"));
            thread.join();
            assertThat(page(note)).contains("runs-1.0.drv leaves m, and begins on another machine");
        }
    }

    @Test
    void whatCannotBeDoneIsSaidWithTheWayBack() throws IOException, InterruptedException {
        var answer = press("retry", Map.of("build", "nothing-1.0", "back", "/running?machine=m"));

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body())
                .contains("no build of nothing-1.0 waits or runs", "href=\"/running?machine=m\">Back</a>");
        assertThat(press("cancel", Map.of("reason", "x")).body()).contains("the field &#39;build&#39; is missing");
        assertThat(press("cancel", Map.of("build", "1", "reason", "x".repeat(501)))
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void othersCannotPressThem() throws IOException, InterruptedException {
        var build = new BuildControl(HELLO);
        var fields = Map.of("build", HELLO.toString());
        try (var _ = controls.add(build)) {
            for (var button : List.of("cancel", "raise", "retry")) {
                assertThat(site.send(form(button, fields).header("Sec-Fetch-Site", "same-origin"))
                                .statusCode())
                        .isEqualTo(401);
                assertThat(site.send(form(button, fields)
                                        .header("X-User", "anna")
                                        .header("Sec-Fetch-Site", "cross-site"))
                                .statusCode())
                        .isEqualTo(403);
                assertThat(site.send(form(button, fields)
                                        .header("X-User", "anna")
                                        .header("Origin", "http://evil.example"))
                                .statusCode())
                        .isEqualTo(403);
            }
            assertThat(build.cancelled()).isEmpty();
            assertThat(queue.snapshot().waiting().getFirst().build().request().drvPath())
                    .isEqualTo(FIRST);
        }
    }

    @Test
    void nobodyActsInTheNameOfAnother() throws IOException, InterruptedException {
        var build = new BuildControl(HELLO);
        try (var _ = controls.add(build)) {
            var answer = site.send(site.to(BuildAction.CANCEL_PATH)
                    .header("X-User", "anna")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"build\":\"%s\",\"by\":\"berta\"}".formatted(HELLO))));

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(build.cancelled()).contains(new Intervention("anna", ""));
        }
    }
}
