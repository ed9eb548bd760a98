package dispatcher.cli.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BuildStatus;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PublisherTest {
    private static final StorePath DRV = path("x.drv");
    private static final StorePath OUT = path("x");

    private final BlockingQueue<PublishedBuild> begun = new LinkedBlockingQueue<>();
    private final BlockingQueue<Duration> pauses = new LinkedBlockingQueue<>();
    private final Semaphore mayEnd = new Semaphore(0);

    private static StorePath path(String name) {
        return StoreDir.NIX_STORE.parse("/nix/store/00000000000000000000000000000000-" + name);
    }

    private static PublishRules rules(int parallel, int attempts) {
        return new PublishRules(Optional.empty(), Optional.of("true"), parallel, attempts, Duration.ofMinutes(1));
    }

    private Publisher publisher(PublishRules rules, int mostWaiting) {
        return new Publisher(
                rules,
                (build, _) -> {
                    begun.add(build);
                    mayEnd.acquire();
                },
                pauses::add,
                mostWaiting);
    }

    private static void build(Publisher publisher, long number, BuildStatus status) {
        publisher.outputsMade(number, DRV, "m", Map.of(path("x" + number), 1L));
        publisher.buildEnded(number, DRV, "m", status, "", Duration.ZERO);
    }

    private PublishedBuild nextBegun() throws InterruptedException {
        return Optional.ofNullable(begun.poll(30, TimeUnit.SECONDS)).orElseThrow();
    }

    @Test
    void buildsThatWentWellArePublishedAndNoMoreAtOnceThanTheSettingsSay() throws Exception {
        try (var publisher = publisher(rules(2, 1), 100)) {
            for (long number = 1; number <= 4; number++) build(publisher, number, BuildStatus.BUILT);

            var first = List.of(nextBegun().outputs(), nextBegun().outputs());
            assertThat(first).containsExactlyInAnyOrder(List.of(path("x1")), List.of(path("x2")));
            assertThat(begun).isEmpty();

            mayEnd.release();
            assertThat(nextBegun().outputs()).containsExactly(path("x3"));
            mayEnd.release(3);
            assertThat(nextBegun().outputs()).containsExactly(path("x4"));
        }
    }

    @Test
    void buildsThatFailedOrWereLostAreNotPublished() throws Exception {
        try (var publisher = publisher(rules(1, 1), 100)) {
            mayEnd.release(10);
            publisher.buildEnded(1, DRV, "m", BuildStatus.PERMANENT_FAILURE, "", Duration.ZERO);
            publisher.outputsMade(2, DRV, "m", Map.of(OUT, 1L));
            publisher.buildLost(2, DRV, "m", "gone");
            publisher.buildEnded(2, DRV, "n", BuildStatus.BUILT, "", Duration.ZERO);
            build(publisher, 3, BuildStatus.BUILT);

            assertThat(nextBegun().outputs()).containsExactly(path("x3"));
            assertThat(begun).isEmpty();
        }
    }

    @Test
    void thoseForWhichTheQueueHasNoRoomAreLeftOut() throws Exception {
        try (var publisher = publisher(rules(1, 1), 1)) {
            build(publisher, 1, BuildStatus.BUILT);
            assertThat(nextBegun().outputs()).containsExactly(path("x1"));
            build(publisher, 2, BuildStatus.BUILT);
            build(publisher, 3, BuildStatus.BUILT);

            mayEnd.release();
            assertThat(nextBegun().outputs()).containsExactly(path("x2"));
            build(publisher, 4, BuildStatus.BUILT);
            mayEnd.release(2);
            assertThat(nextBegun().outputs()).containsExactly(path("x4"));
        }
    }

    @Test
    void failureIsTriedAgainAfterGrowingPausesAsOftenAsTheSettingsSay() throws Exception {
        var tried = new LinkedBlockingQueue<StorePath>();
        PublishedBuildFails fails = build -> {
            tried.add(build.outputs().getFirst());
            if (build.outputs().contains(path("x1"))) throw new IOException("no cache");
        };
        try (var publisher = new Publisher(rules(1, 3), (build, _) -> fails.publish(build), pauses::add, 10)) {
            build(publisher, 1, BuildStatus.BUILT);
            build(publisher, 2, BuildStatus.BUILT);

            var seen = new ArrayList<StorePath>();
            while (!seen.contains(path("x2")))
                seen.add(Optional.ofNullable(tried.poll(30, TimeUnit.SECONDS)).orElseThrow());
            assertThat(seen).containsExactly(path("x1"), path("x1"), path("x1"), path("x2"));
            assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
        }
    }

    @FunctionalInterface
    private interface PublishedBuildFails {
        void publish(PublishedBuild build) throws IOException;
    }

    @Test
    void closingEndsWhatRuns() throws Exception {
        var publisher = publisher(rules(1, 1), 10);
        build(publisher, 1, BuildStatus.BUILT);
        build(publisher, 2, BuildStatus.BUILT);
        nextBegun();

        publisher.close();

        build(publisher, 3, BuildStatus.BUILT);
        assertThat(begun).isEmpty();
    }

    @Test
    void nothingIsKeptWhereNothingIsToBeDone() {
        try (var publisher = publisher(PublishRules.NONE, 10)) {
            build(publisher, 1, BuildStatus.BUILT);
            publisher.change(rules(1, 1));
            publisher.buildEnded(1, DRV, "m", BuildStatus.BUILT, "", Duration.ZERO);
            assertThat(begun).isEmpty();
        }
    }

    @Test
    void commandHasPathsAsArgumentsAndInItsEnvironment(@TempDir Path folder) throws Exception {
        var file = folder.resolve("said");
        var text =
                "printf '%%s\\n' \"$@\" \"$OUT_PATHS\" \"$DRV_PATH\" \"$DISPATCHER_MACHINE\" \"$DISPATCHER_STORE\" > %s"
                        .formatted(file);
        var outputs = List.of(path("x"), path("x-dev"));

        new PublishCommand(() -> "ssh-ng://here?a=b").publish(new PublishedBuild(DRV, "m", outputs), command(text));

        var paths = outputs.stream().map(StoreDir.NIX_STORE::print).toList();
        assertThat(Files.readAllLines(file))
                .containsExactly(
                        paths.get(0),
                        paths.get(1),
                        String.join(" ", paths),
                        StoreDir.NIX_STORE.print(DRV),
                        "m",
                        "ssh-ng://here?a=b");
    }

    @Test
    void commandThatFailsIsReportedWithItsStatusAndWords() {
        assertThatThrownBy(() -> new PublishCommand(() -> "s")
                        .publish(new PublishedBuild(DRV, "m", List.of(OUT)), command("echo no room >&2; exit 3")))
                .isInstanceOf(IOException.class)
                .hasMessage("the command ended with status 3; it printed: no room");
    }

    private static PublishRules command(String text) {
        return new PublishRules(Optional.empty(), Optional.of(text), 1, 1, Duration.ofSeconds(30));
    }
}
