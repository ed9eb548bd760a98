package dispatcher.cli.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.event.FleetEvent;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.testkit.Samples;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EventFeedTest {
    private static final StorePath DRV = StorePath.parse("a".repeat(32) + "-hello-2.12.drv");
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z"));

    private final EventFeed feed = new EventFeed(number -> Optional.of(number + 100), CLOCK, 8);

    @TempDir
    private Path directory;

    private void queue(long build) {
        feed.buildQueued(build, 1, DRV, "x86_64-linux", new TreeSet<>());
    }

    @Test
    void theEventsOfABuildGoFromItsQueueToItsEnd() throws Exception {
        feed.clientConnected(1, "ci@10.0.0.1");
        feed.buildRequested(7, 1, DRV, Samples.DERIVATION);
        queue(7);
        feed.buildAssigned(7, DRV, "m", "it should finish first", Duration.ofSeconds(3));
        feed.inputsCopied(7, DRV, "m", 2, 1000, Duration.ofSeconds(1));
        feed.buildEnded(7, DRV, "m", BuildStatus.PERMANENT_FAILURE, "exit code 1", Duration.ofSeconds(8));
        feed.outputSent(1, DRV, "m", 50, Duration.ofSeconds(2));

        var events = feed.next(0, Duration.ZERO);

        assertThat(events)
                .extracting(FleetEvent::type)
                .containsExactly(
                        FleetEvent.Type.QUEUED,
                        FleetEvent.Type.PLACED,
                        FleetEvent.Type.BUILDING,
                        FleetEvent.Type.ENDED,
                        FleetEvent.Type.COPIED_BACK);
        assertThat(events).extracting(FleetEvent::seq).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(events.subList(0, 4)).allSatisfy(event -> {
            assertThat(event.build()).contains(107L);
            assertThat(event.client()).contains("ci@10.0.0.1");
            assertThat(event.drv()).contains(DRV.toString());
        });
        assertThat(new String(ApiJson.print(events.get(3)), StandardCharsets.UTF_8))
                .isEqualTo("""
                        {"at":"2026-01-01T00:00:00Z","build":107,"client":"ci@10.0.0.1","drv":"%s","machine":"m",\
                        "outcome":"failed","reason":"exit code 1","seconds":8,"seq":4,"type":"ended"}""".formatted(DRV));
        assertThat(events.get(4).bytes()).contains(50L);
    }

    @Test
    void aReaderThatIsTooSlowLearnsHowManyItMissed() throws Exception {
        for (int i = 0; i < 20; i++) queue(i);

        var events = feed.next(5, Duration.ZERO);

        assertThat(events.getFirst().type()).isEqualTo(FleetEvent.Type.MISSED);
        assertThat(events.getFirst().missed()).contains(7L);
        assertThat(events.getFirst().seq()).isEqualTo(12);
        assertThat(events).extracting(FleetEvent::seq).containsExactly(12L, 13L, 14L, 15L, 16L, 17L, 18L, 19L, 20L);
    }

    @Test
    void aReaderOfAnEarlierLifeOfTheDispatcherGetsAllThatIsKept() throws Exception {
        queue(1);

        assertThat(feed.next(5000, Duration.ZERO)).extracting(FleetEvent::seq).containsExactly(1L);
    }

    @Test
    void nothingComesWhileNothingHappens() throws Exception {
        queue(1);

        assertThat(feed.next(1, Duration.ofMillis(1))).isEmpty();
    }

    @Test
    void whoWaitsGetsAnEventAsSoonAsItHappens() throws Exception {
        var got = new LinkedBlockingQueue<List<FleetEvent>>();
        Thread.ofVirtual().start(() -> {
            try {
                got.add(feed.next(0, LONG));
            } catch (InterruptedException e) {
                got.add(List.of());
            }
        });
        feed.drainChanged("m", true, Optional.of("root"), Optional.of("new disk"));

        var event = poll(got).getFirst();
        assertThat(event.machine()).contains("m");
        assertThat(event.by()).contains("root");
        assertThat(event.reason()).contains("new disk");
        assertThat(event.type()).isEqualTo(FleetEvent.Type.MACHINE_DRAINED);
    }

    @Test
    void whatOperatorsDoToBuildsNamesThem() throws Exception {
        feed.buildRequested(1, 1, Samples.DRV, Samples.DERIVATION);
        feed.buildMoved(1, Samples.DRV, "m", "root", "it hangs");
        feed.buildCancelled(1, Samples.DRV, "ops", "");

        var events = feed.next(0, LONG);
        assertThat(events).extracting(FleetEvent::type).containsExactly(FleetEvent.Type.MOVED, FleetEvent.Type.ENDED);
        assertThat(events.getFirst().machine()).contains("m");
        assertThat(events.getFirst().by()).contains("root");
        assertThat(events.getFirst().reason()).contains("it hangs");
        assertThat(events.getLast().outcome()).contains("cancelled");
        assertThat(events.getLast().by()).contains("ops");
        assertThat(events.getLast().reason()).isEmpty();
    }

    @Test
    void placesForReadersAreLimitedAndComeBack() {
        var taken = new ArrayList<EventFeed.Reader>();
        for (var reader = feed.reader(); reader.isPresent(); reader = feed.reader()) taken.add(reader.get());
        assertThat(taken).hasSize(16);

        taken.getFirst().close();

        assertThat(feed.reader()).isPresent();
    }

    @Test
    @SuppressWarnings("try")
    void theStreamStaysOpenAndBringsWhatHappens() throws Exception {
        var socket = directory.resolve("control.sock");
        try (var server = ApiServer.open(socket, List.of(new EventEndpoint(feed).endpoint()))) {
            queue(1);
            var lines = new LinkedBlockingQueue<String>();
            Thread.ofVirtual().start(() -> read(socket, "?after=0", lines));
            assertThat(poll(lines)).contains("\"seq\":1,").contains("\"type\":\"queued\"");

            feed.machineBack("m", Duration.ofSeconds(5));
            assertThat(poll(lines)).contains("\"type\":\"machine-back\"");

            server.close();
            assertThat(poll(lines)).contains("cannot ask the dispatcher");
        }
    }

    @Test
    void theStreamEndsWithTheLastEventIfNobodyFollows() throws Exception {
        var socket = directory.resolve("control.sock");
        try (var _ = ApiServer.open(socket, List.of(new EventEndpoint(feed).endpoint()))) {
            queue(1);
            queue(2);
            var lines = new ArrayList<String>();
            new ApiClient(socket).lines(FleetEvent.PATH + "?follow=false&after=1", lines::add);

            assertThat(lines).singleElement().asString().contains("\"seq\":2,");
        }
    }

    @Test
    void aRequestThatIsWrongIsRefusedAsAnyOther() throws IOException {
        var socket = directory.resolve("control.sock");
        try (var _ = ApiServer.open(socket, List.of(new EventEndpoint(feed).endpoint()))) {
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() -> new ApiClient(socket).lines(FleetEvent.PATH + "?after=x", _ -> {}))
                    .withMessageContaining("'after' is no whole number");
        }
    }

    private static void read(Path socket, String query, BlockingQueue<String> lines) {
        try {
            new ApiClient(socket).lines(FleetEvent.PATH + query, lines::add);
            lines.add("end");
        } catch (UserFacingException e) {
            lines.add(e.what());
        }
    }

    private static <T> T poll(BlockingQueue<T> queue) throws InterruptedException {
        var next = queue.poll(20, TimeUnit.SECONDS);
        if (next == null) throw new AssertionError("nothing came");
        return next;
    }
}
