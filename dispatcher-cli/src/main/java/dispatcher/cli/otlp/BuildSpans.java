package dispatcher.cli.otlp;

import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildEnds;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Outcome;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/// Makes the trace of a build from its record: `build`, and in it `equal-build`, `queue` and `attempt` as they follow
/// each other, in an attempt `copy-in` and `run`, and after all of it a `copy-out` for each output. Immutable.
///
/// The ids of the trace and of its root follow from the build, so that outputs that are fetched later find it.
final class BuildSpans {
    private static final String PREFIX = "dispatcher.";
    private static final int TRACE_ID_BYTES = 16;
    private static final int SPAN_ID_BYTES = 8;
    private static final double NANOS = 1e9;

    private final Resource resource;

    /// @param version of the program
    BuildSpans(String version) {
        this.resource = Resource.getDefault()
                .merge(Resource.create(Attributes.builder()
                        .put("service.name", "dispatcher")
                        .put("service.version", version)
                        .build()));
    }

    /// Of a build that is over, but for what clients fetch.
    ///
    /// @param left when each attempt left its machine
    List<SpanData> of(BuildRecord record, List<Instant> left) {
        var trace = new Trace(record);
        trace.root();
        var alone = trace.upTo(trace.asked.plus(record.waits().forEqualBuild()));
        if (record.isShared()) {
            trace.child("equal-build", trace.asked, trace.ended);
            return trace.spans;
        }
        if (alone.isAfter(trace.asked)) trace.child("equal-build", trace.asked, alone);
        trace.attempts(alone, left);
        return trace.spans;
    }

    /// An output that the client of a build has got.
    ///
    /// @param at when it was there
    SpanData copyOut(BuildEnds.Key build, StorePath output, long bytes, Duration took, Instant at) {
        var root = rootOf(build);
        return new BuildSpan(
                "copy-out",
                SpanKind.INTERNAL,
                child(root),
                root,
                at.minus(took),
                at,
                StatusData.unset(),
                Attributes.builder()
                        .put(PREFIX + "output.path", StoreDir.NIX_STORE.print(output))
                        .put(PREFIX + "output.bytes", bytes)
                        .build(),
                resource);
    }

    private static SpanContext rootOf(BuildEnds.Key build) {
        var text =
                "%d %s %d".formatted(build.id(), build.drvPath(), build.asked().toEpochMilli());
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            var hex = HexFormat.of();
            return context(
                    hex.formatHex(hash, 0, TRACE_ID_BYTES),
                    hex.formatHex(hash, TRACE_ID_BYTES, TRACE_ID_BYTES + SPAN_ID_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static SpanContext child(SpanContext parent) {
        return context(
                parent.getTraceId(), SpanId.fromLong(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE)));
    }

    private static SpanContext context(String trace, String span) {
        return SpanContext.create(trace, span, TraceFlags.getSampled(), TraceState.getDefault());
    }

    /// The spans of one build, as they are found. Confined to one thread.
    private final class Trace {
        private final ArrayList<SpanData> spans = new ArrayList<>();
        private final BuildRecord record;
        private final SpanContext root;
        private final Instant asked;
        private final Instant ended;

        Trace(BuildRecord record) {
            this.record = record;
            this.root = rootOf(BuildEnds.Key.of(record));
            this.asked = record.asked();
            // The clock may have been set back.
            this.ended = record.ended().filter(asked::isBefore).orElse(asked);
        }

        /// The nearest time to it in which the build went on.
        Instant upTo(Instant at) {
            if (at.isAfter(ended)) return ended;
            return at.isBefore(asked) ? asked : at;
        }

        void root() {
            var said = Attributes.builder()
                    .put(PREFIX + "build.id", record.id())
                    .put(PREFIX + "derivation.name", record.name())
                    .put(PREFIX + "derivation.path", StoreDir.NIX_STORE.print(record.drvPath()))
                    .put(PREFIX + "package", record.packageName())
                    .put(PREFIX + "system", record.system())
                    .put(PREFIX + "client", record.client())
                    .put(PREFIX + "outcome", record.outcome().name().toLowerCase(Locale.ROOT))
                    .put(PREFIX + "attempts", record.attempts().size());
            if (!record.features().isEmpty())
                said.put(PREFIX + "features", record.features().toArray(String[]::new));
            record.machine().ifPresent(machine -> said.put(PREFIX + "machine", machine));
            if (!record.message().isEmpty() && status().equals(StatusData.unset()))
                said.put(PREFIX + "message", record.message());
            said.put(PREFIX + "waited.equal_build", seconds(record.waits().forEqualBuild()));
            if (!record.attempts().isEmpty()) {
                waits(said);
                copied(said);
            }
            said.putAll(made());
            spans.add(new BuildSpan(
                    "build",
                    SpanKind.SERVER,
                    root,
                    SpanContext.getInvalid(),
                    asked,
                    ended,
                    status(),
                    said.build(),
                    resource));
        }

        private StatusData status() {
            return switch (record.outcome()) {
                case FAILED, REFUSED, INTERRUPTED -> failed(record.message());
                case WAITING, RUNNING, BUILT, CANCELLED, SHARED, FOUND, ABANDONED -> StatusData.unset();
            };
        }

        private static StatusData failed(String why) {
            return StatusData.create(StatusCode.ERROR, why);
        }

        private void waits(AttributesBuilder said) {
            said.put(PREFIX + "waited.slot", seconds(record.waits().forSlot()));
            said.put(PREFIX + "waited.away_machine", seconds(record.waits().forAwayMachine()));
        }

        private void copied(AttributesBuilder said) {
            said.put(PREFIX + "input.paths", record.copied().paths());
            said.put(PREFIX + "input.bytes", record.copied().bytes());
        }

        private static double seconds(Duration duration) {
            return duration.toNanos() / NANOS;
        }

        void child(String name, Instant from, Instant to) {
            add(name, root, from, to, StatusData.unset(), Attributes.empty());
        }

        /// Attempts as they began, which is not how they are on record if there were two at once, and what it waited
        /// between them.
        ///
        /// @param free since when it waits for a machine
        void attempts(Instant free, List<Instant> left) {
            var attempts = record.attempts();
            var order = IntStream.range(0, attempts.size())
                    .boxed()
                    .sorted(Comparator.comparing(i -> attempts.get(i).began()))
                    .toList();
            var since = free;
            for (int number = 0; number < order.size(); number++) {
                int i = order.get(number);
                var began = upTo(attempts.get(i).began());
                // The second of two at once has waited for nothing.
                if (number == 0 || began.isAfter(since)) queue(began.isBefore(since) ? began : since, began);
                var end = upTo(left.get(i));
                if (end.isBefore(began)) end = began;
                attempt(number + 1, i, began, end);
                if (end.isAfter(since)) since = end;
            }
            if (attempts.stream().noneMatch(Attempt::isWhole)) queue(since, ended);
        }

        /// What it waited for is known of the whole build only.
        private void queue(Instant from, Instant to) {
            add("queue", root, from, to, StatusData.unset(), Attributes.empty());
        }

        /// @param number as they began, from 1
        /// @param index  of it in the record, whose last attempt is the one that counts
        private void attempt(int number, int index, Instant from, Instant to) {
            var attempt = record.attempts().get(index);
            boolean isLast = index == record.attempts().size() - 1;
            boolean counts = isLast && attempt.isWhole();
            var status = attempt.lost().map(Trace::failed).orElseGet(() -> counts ? status() : StatusData.unset());
            var span = add("attempt", root, from, to, status, told(number, attempt));
            // Of others it is not known when their inputs were there.
            if (isLast) inputsThere().ifPresent(took -> onMachine(span, from, to, took, status, counts));
        }

        /// How long the inputs of the last attempt took; empty if they were not all there in the end.
        private Optional<Duration> inputsThere() {
            var took = record.copied().took();
            boolean gaveResult = record.outcome() == Outcome.BUILT || record.outcome() == Outcome.FAILED;
            return gaveResult || took.isPositive() ? Optional.of(took) : Optional.empty();
        }

        private void onMachine(
                SpanContext span, Instant from, Instant to, Duration took, StatusData status, boolean counts) {
            var copied = from.plus(took).isAfter(to) ? to : from.plus(took);
            if (copied.isAfter(from)) {
                var said = Attributes.builder();
                copied(said);
                add("copy-in", span, from, copied, StatusData.unset(), said.build());
            }
            add("run", span, copied, to, status, counts ? made() : Attributes.empty());
        }

        private Attributes told(int number, Attempt attempt) {
            var said = Attributes.builder()
                    .put(PREFIX + "attempt", number)
                    .put(PREFIX + "machine", attempt.machine())
                    .put(PREFIX + "placed", attempt.reason());
            attempt.moved().ifPresent(why -> said.put(PREFIX + "moved", why));
            return said.build();
        }

        private Attributes made() {
            var said = Attributes.builder();
            if (record.outputBytes() > 0) said.put(PREFIX + "output.bytes", record.outputBytes());
            if (record.peakMemory() > 0) said.put(PREFIX + "memory.peak", record.peakMemory());
            return said.build();
        }

        private SpanContext add(
                String name, SpanContext parent, Instant from, Instant to, StatusData status, Attributes said) {
            var context = BuildSpans.child(parent);
            spans.add(new BuildSpan(name, SpanKind.INTERNAL, context, parent, from, to, status, said, resource));
            return context;
        }
    }
}
