package dispatcher.cli.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dispatcher.cli.otlp.BuildTraces.Limits;
import dispatcher.record.BuildEnds;
import dispatcher.testkit.FakeStore;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BuildTracesTest {
    private static final Limits SOON =
            new Limits(1000, Duration.ofMillis(1), Duration.ofSeconds(5), Duration.ofSeconds(20));

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final AtomicLong nanos = new AtomicLong();

    private BuildTraces start(SpanExporter exporter, Limits limits) {
        return BuildTraces.start(
                () -> exporter, "1.2.3", limits, nanos::get, (count, why) -> lines.add(count + ": " + why));
    }

    private static void end(BuildTraces traces) {
        traces.ended(Traced.built(), List.of(Traced.at(20)));
    }

    private String nextLine() throws InterruptedException {
        return Optional.ofNullable(lines.poll(30, TimeUnit.SECONDS)).orElseThrow();
    }

    @Test
    void theCollectorGetsBuildsAndWhatIsFetchedOfThem() throws Exception {
        try (var collector = Collector.start()) {
            var exporter = BuildTraces.exporter(collector.url() + "/v1/traces", Map.of("X-Key", "secret"), SOON);
            try (var traces = start(exporter, SOON)) {
                end(traces);
                traces.fetched(
                        BuildEnds.Key.of(Traced.built()),
                        FakeStore.path("tool-1.0"),
                        1024,
                        Duration.ofSeconds(1),
                        Traced.at(30));
            }
            var request = collector.requests().remove();
            assertThat(request.path()).isEqualTo("/v1/traces");
            assertThat(request.headers().getFirst("X-Key")).isEqualTo("secret");
            assertThat(request.headers().getFirst("Content-Type")).isEqualTo("application/x-protobuf");
            assertThat(collector.spans())
                    .extracting(Span::getName)
                    .containsExactly("build", "equal-build", "queue", "attempt", "copy-in", "run", "copy-out");
            assertThat(collector.received().getFirst().getResource().getAttributesList())
                    .extracting(it -> it.getKey(), it -> it.getValue().getStringValue())
                    .contains(tuple("service.name", "dispatcher"), tuple("service.version", "1.2.3"));
            assertThat(lines).isEmpty();
        }
    }

    @Test
    void aCollectorThatIsDownCostsOneLine() throws Exception {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        var limits = new Limits(1000, Duration.ofMillis(1), Duration.ofMillis(300), Duration.ofSeconds(20));
        var exporter = BuildTraces.exporter("http://127.0.0.1:%d/v1/traces".formatted(port), Map.of(), limits);
        try (var traces = start(exporter, limits)) {
            end(traces);
            assertThat(nextLine()).startsWith("1: ");
            end(traces);
            end(traces);
        }
        // What no line had counted.
        assertThat(nextLine()).startsWith("2: ");
        assertThat(lines).isEmpty();
    }

    @Test
    void aCollectorThatRefusesIsNamedByItsStatus() throws Exception {
        try (var collector = Collector.start().answering(500)) {
            var exporter = BuildTraces.exporter(collector.url(), Map.of(), SOON);
            try (var traces = start(exporter, SOON)) {
                end(traces);
                assertThat(nextLine()).isEqualTo("1: HTTP status 500");
            }
            assertThat(collector.requests()).hasSize(1);
        }
    }

    @Test
    void aCollectorThatIsBusyIsAskedAgain() throws Exception {
        try (var collector = Collector.start().answering(503)) {
            var exporter = BuildTraces.exporter(collector.url(), Map.of(), SOON);
            try (var traces = start(exporter, SOON)) {
                end(traces);
                assertThat(collector.requests().poll(30, TimeUnit.SECONDS)).isNotNull();
                collector.answering(200);
                assertThat(collector.requests().poll(30, TimeUnit.SECONDS)).isNotNull();
            }
            assertThat(lines).isEmpty();
        }
    }

    /// Takes what it gets, and answers when the test says.
    private static final class SlowExporter implements SpanExporter {
        private final BlockingQueue<CompletableResultCode> begun = new LinkedBlockingQueue<>();

        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            var result = new CompletableResultCode();
            begun.add(result);
            return result;
        }

        CompletableResultCode next() throws InterruptedException {
            return Optional.ofNullable(begun.poll(30, TimeUnit.SECONDS)).orElseThrow();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }

    @Test
    void buildsAreLeftOutWhileTooManyWait() throws Exception {
        var exporter = new SlowExporter();
        var limits = new Limits(3, Duration.ofMillis(1), Duration.ofMinutes(1), Duration.ofSeconds(20));
        try (var traces = start(exporter, limits)) {
            end(traces);
            var first = exporter.next();
            for (int i = 0; i < 5; i++) end(traces);
            first.succeed();
            assertThat(nextLine()).isEqualTo("2: too many wait for the collector");
            exporter.next().succeed();
        }
        assertThat(lines).isEmpty();
    }

    @Test
    void thereIsALineAMinuteAtMost() throws Exception {
        var exporter = new SlowExporter();
        try (var traces = start(exporter, SOON)) {
            end(traces);
            exporter.next().fail();
            assertThat(nextLine()).startsWith("1: ");
            end(traces);
            exporter.next().fail();
            end(traces);
            var third = exporter.next();
            assertThat(lines).isEmpty();
            nanos.addAndGet(BuildTraces.BETWEEN_LINES.toNanos());
            third.fail();
            assertThat(nextLine()).startsWith("2: ");
        }
        assertThat(lines).isEmpty();
    }

    @Test
    void theEndDoesNotWaitForACollectorThatHangs() throws Exception {
        var exporter = new SlowExporter();
        var limits = new Limits(1000, Duration.ofMillis(1), Duration.ofMinutes(1), Duration.ofMillis(200));
        try (var traces = start(exporter, limits)) {
            end(traces);
            exporter.next();
            end(traces);
        }
        assertThat(nextLine()).startsWith("2: ");
        assertThat(exporter.begun).isEmpty();
    }
}
