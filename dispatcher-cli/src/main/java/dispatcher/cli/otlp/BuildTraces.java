package dispatcher.cli.otlp;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord;
import dispatcher.thread.SteadyThread;
import io.opentelemetry.exporter.internal.FailedExportException.HttpExportException;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends traces of builds to a collector, on a thread of its own. No build waits for that: what comes while
/// [#MOST_WAITING] builds and outputs wait is left out, and so is what the collector does not take after some
/// attempts. A line of the log says how many that were, at most once in [#BETWEEN_LINES]. Safe for any thread.
///
/// What it needs of OpenTelemetry is loaded by that thread for the first build that ends, as it takes a while.
final class BuildTraces implements Traces {
    static final int MOST_WAITING = 5_000;

    /// Of what ends together is sent together.
    static final Limits USUAL =
            new Limits(MOST_WAITING, Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofSeconds(3));

    static final Duration BETWEEN_LINES = Duration.ofMinutes(1);
    private static final int BUILDS_AT_ONCE = 200;

    private static final Logger log = LoggerFactory.getLogger(BuildTraces.class);

    /// What goes wrong is in our own log. Held here, as it would forget its level otherwise.
    private static final java.util.logging.Logger THEIRS = java.util.logging.Logger.getLogger("io.opentelemetry");

    private final Report report;
    private final Supplier<SpanExporter> ways;
    private final String version;
    private final Limits limits;
    private final LongSupplier nanoTime;
    private final Thread sending = SteadyThread.unstarted("send traces", this::sendsAgain);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrival = lock.newCondition();

    @GuardedBy("lock")
    private final Queue<Part> waiting = new ArrayDeque<>();

    /// Builds and outputs that are not sent, and that no line of the log has counted.
    @GuardedBy("lock")
    private long lost;

    @GuardedBy("lock")
    private String why = "";

    @GuardedBy("lock")
    private Optional<Long> lastLine = Optional.empty();

    @GuardedBy("lock")
    private boolean closed;

    /// Set by the thread that sends.
    private volatile Optional<Output> output = Optional.empty();

    /// @param waiting builds and outputs
    /// @param pause   for what comes soon after, before something is sent
    /// @param request for one request with all its attempts
    /// @param flush   for what is to be sent when the program ends
    record Limits(int waiting, Duration pause, Duration request, Duration flush) {}

    /// Hears of what is not sent.
    interface Report {
        /// @param count builds, and outputs that clients fetched, since the last call
        /// @param why   of the last of them
        void leftOut(long count, String why);
    }

    /// What is to be sent, made into spans when it is.
    private interface Part {
        List<SpanData> of(BuildSpans spans);
    }

    private record Output(SpanExporter exporter, BuildSpans spans) {}

    /// @param endpoint    of a collector, for traces
    /// @param headersFile what is sent along with each request
    /// @param version     of the program
    /// @throws dispatcher.cli.terminal.UserFacingException if the headers cannot be read
    static BuildTraces start(String endpoint, Optional<Path> headersFile, String version) {
        var headers = headersFile.map(OtlpHeaders::read).orElse(Map.of());
        return start(
                () -> exporter(endpoint, headers, USUAL),
                version,
                USUAL,
                System::nanoTime,
                (count, why) -> log.atWarn()
                        .addKeyValue("collector", endpoint)
                        .addKeyValue("leftOut", count)
                        .addKeyValue("why", why)
                        .log("traces of builds, or of outputs that clients fetched, were not sent"));
    }

    static BuildTraces start(
            Supplier<SpanExporter> ways, String version, Limits limits, LongSupplier nanoTime, Report report) {
        var traces = new BuildTraces(ways, version, limits, nanoTime, report);
        traces.sending.start();
        return traces;
    }

    private BuildTraces(
            Supplier<SpanExporter> ways, String version, Limits limits, LongSupplier nanoTime, Report report) {
        THEIRS.setLevel(Level.OFF);
        this.ways = ways;
        this.version = version;
        this.limits = limits;
        this.nanoTime = nanoTime;
        this.report = report;
    }

    static SpanExporter exporter(String endpoint, Map<String, String> headers, Limits limits) {
        var builder = OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint)
                .setConnectTimeout(limits.request())
                .setTimeout(limits.request());
        headers.forEach(builder::addHeader);
        return builder.build();
    }

    @Override
    public void ended(BuildRecord record, List<Instant> left) {
        add(spans -> spans.of(record, left));
    }

    @Override
    public void fetched(Key build, StorePath output, long bytes, Duration took, Instant at) {
        add(spans -> List.of(spans.copyOut(build, output, bytes, took, at)));
    }

    private void add(Part part) {
        lock.lock();
        try {
            if (closed) return;
            if (waiting.size() >= limits.waiting()) {
                lose(1, "too many wait for the collector");
                return;
            }
            waiting.add(part);
            arrival.signal();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void lose(long count, String reason) {
        lost += count;
        why = reason;
    }

    /// Runs until all is sent that came before the end.
    private boolean sendsAgain() throws InterruptedException {
        var parts = next();
        if (parts.isEmpty()) return false;
        var failure = export(parts);
        lock.lock();
        try {
            failure.ifPresent(reason -> lose(parts.size(), reason));
        } finally {
            lock.unlock();
        }
        reportLoss(false);
        return true;
    }

    /// What is sent next; empty at the end.
    private List<Part> next() throws InterruptedException {
        lock.lock();
        try {
            while (waiting.isEmpty() && !closed) arrival.await();
            long left = limits.pause().toNanos();
            while (waiting.size() < BUILDS_AT_ONCE && !closed && left > 0) left = arrival.awaitNanos(left);
            var parts = new ArrayList<Part>();
            while (parts.size() < BUILDS_AT_ONCE && !waiting.isEmpty()) parts.add(waiting.remove());
            return parts;
        } finally {
            lock.unlock();
        }
    }

    /// Why it failed; empty if it did not.
    private Optional<String> export(List<Part> parts) {
        var out = output.orElseGet(() -> new Output(ways.get(), new BuildSpans(version)));
        output = Optional.of(out);
        var batch = new ArrayList<SpanData>();
        for (var part : parts) batch.addAll(part.of(out.spans()));
        // It has limits of its own; these are for what it forgets.
        var result = out.exporter().export(batch).join(2 * limits.request().toMillis(), TimeUnit.MILLISECONDS);
        if (result.isSuccess()) return Optional.empty();
        if (!result.isDone()) return Optional.of("no answer");
        return Optional.of(words(result.getFailureThrowable()));
    }

    private static String words(@Nullable Throwable failure) {
        return switch (failure) {
            case HttpExportException http
            when http.getResponse() != null ->
                "HTTP status " + http.getResponse().getStatusCode();
            case HttpExportException http when http.getCause() != null -> words(http.getCause());
            case null -> "it failed";
            default ->
                Optional.ofNullable(failure.getMessage())
                        .orElse(failure.getClass().getSimpleName());
        };
    }

    private void reportLoss(boolean now) {
        long count;
        String reason;
        lock.lock();
        try {
            long time = nanoTime.getAsLong();
            boolean isSoon = lastLine.filter(last -> time - last < BETWEEN_LINES.toNanos())
                    .isPresent();
            if (lost == 0 || (isSoon && !now)) return;
            lastLine = Optional.of(time);
            count = lost;
            reason = why;
            lost = 0;
        } finally {
            lock.unlock();
        }
        report.leftOut(count, reason);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) return;
            closed = true;
            arrival.signal();
        } finally {
            lock.unlock();
        }
        try {
            if (!sending.join(limits.flush())) {
                lock.lock();
                try {
                    lose(waiting.size(), "the program ends");
                    waiting.clear();
                } finally {
                    lock.unlock();
                }
                sending.interrupt();
                sending.join(limits.flush());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        reportLoss(true);
        // Goes on apart from this.
        output.ifPresent(out -> out.exporter().shutdown());
    }
}
