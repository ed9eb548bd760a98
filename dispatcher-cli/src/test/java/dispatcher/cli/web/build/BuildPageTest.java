package dispatcher.cli.web.build;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.schedule.policy.Placement;
import dispatcher.testkit.FakeStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildPageTest {
    private static final StorePath HELLO = FakeStore.path("hello-2.12.drv");

    @TempDir
    private Path directory;

    /// Lost on machine `a`, failed on `b`.
    private static void fail(BuildSite site) {
        site.ask(1, "ci", HELLO);
        site.recorder.buildAlone(1, HELLO, Duration.ofSeconds(2));
        site.recorder.buildAssigned(1, HELLO, "a", "it is idle", Duration.ofSeconds(5));
        site.recorder.buildLost(1, HELLO, "a", "the connection broke");
        site.clock.advance(Duration.ofSeconds(30));
        site.recorder.buildAssigned(1, HELLO, "b", "it should finish first", Duration.ofSeconds(1));
        site.recorder.placed(
                1,
                () -> new PlacementAccount(
                        new Placement("b", 0, 0, 3 << 20, 0.4, 8, false, 1, 8, 1, true, true),
                        List.of(new Placement("c", 0, 30, 0, 0.1, 16, true, 0, 4, 0.5, true, true)),
                        3,
                        new TreeMap<>(Map.of("it is drained", 2, "it lacks kvm", 40))));
        site.recorder.inputsCopied(1, HELLO, "b", 2, 3 << 20, Duration.ofMillis(400));
        site.recorder.memoryMeasured(1, HELLO, "b", 1 << 30);
        site.clock.advance(Duration.ofMinutes(1));
        site.recorder.buildEnded(
                1, HELLO, "b", BuildStatus.PERMANENT_FAILURE, "exit code 1\nsee above", Duration.ofSeconds(8));
    }

    private static String textOf(String page) {
        return page.replaceAll("<[^>]*>", " ").replaceAll("\\s+", " ");
    }

    @Test
    void showsWhoAskedHowItEndedAndWhatItTook() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            fail(site);
            var answer = site.get("/builds/1");

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(textOf(answer.body()))
                    .contains("hello-2.12, build 1")
                    .contains("failed The build itself failed.")
                    .contains("Client ci", "System x86_64-linux", "Features kvm", "Derivation " + HELLO)
                    .contains("Copied in 2 paths, 3 MiB in 400 ms", "Built in 8 s", "Memory at most 1 GiB")
                    .contains("Why exit code 1 see above");
        }
    }

    @Test
    void showsWhenItCameHowFarAsATableAndABar() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            fail(site);
            var page = site.get("/builds/1").body();

            assertThat(textOf(page))
                    .contains("asked for 2026-01-01 00:00:00 UTC –")
                    .contains("waiting for an equal build 2026-01-01 00:00:00 UTC 2 s")
                    .contains("queued 2026-01-01 00:00:02 UTC 28 s")
                    .contains("placed 2026-01-01 00:00:30 UTC –")
                    .contains("copying inputs in 2026-01-01 00:00:30 UTC 400 ms")
                    .contains("building 2026-01-01 00:00:30 UTC 60 s")
                    .contains("done 2026-01-01 00:01:30 UTC –");
            assertThat(page)
                    .contains("<rect class=\"stage-queue\" x=\"2.22%\" width=\"31.11%\"")
                    .doesNotContain(" style=");
        }
    }

    @Test
    void aBuildThatWasStoppedWhileItWaitedForAnEqualOneWasNotQueued() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            site.ask(1, "ci", HELLO);
            site.ask(2, "desk", HELLO);
            site.recorder.buildAlone(2, HELLO, Duration.ZERO);
            site.clock.advance(Duration.ofSeconds(7));
            site.recorder.buildCancelled(1, HELLO, "root", "wrong branch");
            site.recorder.buildCancelled(2, HELLO, "root", "wrong branch");

            assertThat(textOf(site.get("/builds/1").body()))
                    .contains("waiting for an equal build 2026-01-01 00:00:00 UTC 7 s", "an equal build 7 s")
                    .doesNotContain("queued");
            assertThat(textOf(site.get("/builds/2").body()))
                    .contains("queued 2026-01-01 00:00:00 UTC 7 s")
                    .doesNotContain("waiting for an equal build");
        }
    }

    @Test
    void splitsWaitingByItsCause() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            fail(site);
            assertThat(textOf(site.get("/builds/1").body()))
                    .contains("an equal build 2 s")
                    .contains("a free slot 4 s")
                    .contains("a machine that was away or being started 0 ms")
                    .contains("inputs on their way to the machine 400 ms");
        }
    }

    @Test
    void explainsItsPlacementAndShowsItsAttempts() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            fail(site);
            var text = textOf(site.get("/builds/1").body());

            assertThat(text)
                    .contains("a 2026-01-01 00:00:00 UTC it is idle the connection broke")
                    .contains("b 2026-01-01 00:00:30 UTC it should finish first –")
                    .contains("b, of 46 machines")
                    .contains("b 8.4 8.4 s – 400 ms 3 MiB 8 s 1 of 8 1 chosen")
                    .contains("c 62.2 46 s 30 s 100 ms – 16 s 0 of 4 0.5 spared for builds that need more")
                    .contains("2 more machines had a free slot too.")
                    .contains("it lacks kvm 40 it is drained 2");
        }
    }

    @Test
    void aBuildThatGoesOnDoesNotChangeEachSecond() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            site.ask(1, "ci", HELLO);
            site.clock.advance(Duration.ofSeconds(10));
            site.recorder.buildAssigned(1, HELLO, "a", "it is idle", Duration.ofSeconds(10));
            site.clock.advance(Duration.ofSeconds(590));
            var page = site.get("/builds/1").body();
            site.clock.advance(Duration.ofSeconds(1));

            assertThat(mark(site.get("/builds/1").body())).isEqualTo(mark(page));
            assertThat(textOf(page)).contains("It is on a machine.").contains("so far");
            site.clock.advance(Duration.ofMinutes(10));
            assertThat(mark(site.get("/builds/1").body())).isNotEqualTo(mark(page));
        }
    }

    private static String mark(String page) {
        return page.replaceFirst("(?s).*data-mark=\"([^\"]+)\".*", "$1");
    }

    @Test
    void isFoundByItsDerivationToo() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            site.ask(1, "ci", HELLO);
            site.recorder.buildAssigned(1, HELLO, "a", "it is idle", Duration.ofSeconds(5));
            site.ask(2, "desk", HELLO);
            site.ask(3, "ci", FakeStore.path("hello-2.12.1.drv"));

            assertThat(site.get("/builds/" + HELLO).body()).contains("hello-2.12, build 1<");
        }
    }

    @Test
    void oneThatIsNotThereIsSaidSo() throws IOException, InterruptedException {
        try (var site = new BuildSite(directory)) {
            assertThat(site.get("/builds/7").statusCode()).isEqualTo(404);
            assertThat(site.get("/builds/7").body()).contains("there is no build 7");
            assertThat(site.get("/builds/" + HELLO).statusCode()).isEqualTo(404);
        }
    }
}
