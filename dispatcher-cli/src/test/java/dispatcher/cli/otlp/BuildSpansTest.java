package dispatcher.cli.otlp;

import static dispatcher.cli.otlp.Traced.T;
import static dispatcher.cli.otlp.Traced.at;
import static dispatcher.cli.otlp.Traced.build;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StoreDir;
import dispatcher.record.BuildEnds;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Copied;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecord.Waits;
import dispatcher.testkit.FakeStore;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BuildSpansTest {
    private final BuildSpans spans = new BuildSpans("1.2.3");

    private List<SpanData> of(BuildRecord record, Instant... left) {
        return spans.of(record, List.of(left));
    }

    /// For each span a line `name < parent: from-to`, in seconds since the build was asked for.
    private static List<String> picture(List<SpanData> trace) {
        var names = trace.stream().collect(Collectors.toMap(SpanData::getSpanId, SpanData::getName));
        names.put("0000000000000000", "-");
        assertThat(trace)
                .extracting(SpanData::getTraceId)
                .containsOnly(trace.getFirst().getTraceId());
        return trace.stream()
                .map(span -> "%s < %s: %s-%s"
                        .formatted(
                                span.getName(),
                                names.get(span.getParentSpanId()),
                                second(span.getStartEpochNanos()),
                                second(span.getEndEpochNanos())))
                .toList();
    }

    private static long second(long nanos) {
        return Duration.between(T, Instant.ofEpochSecond(0, nanos)).toSeconds();
    }

    private static SpanData only(List<SpanData> trace, String name) {
        return trace.stream()
                .filter(span -> span.getName().equals(name))
                .collect(Collectors.collectingAndThen(Collectors.toList(), found -> {
                    assertThat(found).hasSize(1);
                    return found.getFirst();
                }));
    }

    private static Map<String, Object> said(SpanData span) {
        var said = new HashMap<String, Object>();
        span.getAttributes().forEach((key, value) -> said.put(key.getKey(), value));
        return said;
    }

    @Test
    void aBuildIsATraceOfItsPhases() {
        var trace = of(Traced.built(), at(20));

        assertThat(picture(trace))
                .containsExactly(
                        "build < -: 0-20",
                        "equal-build < build: 0-2",
                        "queue < build: 2-9",
                        "attempt < build: 9-20",
                        "copy-in < attempt: 9-10",
                        "run < attempt: 10-20");
        var root = trace.getFirst();
        assertThat(root.getStartEpochNanos()).isEqualTo(T.getEpochSecond() * 1_000_000_000 + 123_456_789);
        assertThat(root.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(trace).allMatch(SpanData::hasEnded);
        assertThat(trace).extracting(span -> span.getStatus().getStatusCode()).containsOnly(StatusCode.UNSET);
        var resource = root.getResource().getAttributes();
        assertThat(resource.get(AttributeKey.stringKey("service.name"))).isEqualTo("dispatcher");
        assertThat(resource.get(AttributeKey.stringKey("service.version"))).isEqualTo("1.2.3");
    }

    @Test
    void spansSayWhatIsKnown() {
        var trace = of(Traced.built(), at(20));

        assertThat(said(trace.getFirst()))
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("dispatcher.build.id", 42L),
                        Map.entry("dispatcher.derivation.name", "tool-1.0"),
                        Map.entry("dispatcher.derivation.path", StoreDir.NIX_STORE.print(Traced.DRV)),
                        Map.entry("dispatcher.package", "tool"),
                        Map.entry("dispatcher.system", "x86_64-linux"),
                        Map.entry("dispatcher.features", List.of("big-parallel", "kvm")),
                        Map.entry("dispatcher.client", "ci"),
                        Map.entry("dispatcher.outcome", "built"),
                        Map.entry("dispatcher.attempts", 1L),
                        Map.entry("dispatcher.machine", "a"),
                        Map.entry("dispatcher.waited.equal_build", 2.0),
                        Map.entry("dispatcher.waited.slot", 3.0),
                        Map.entry("dispatcher.waited.away_machine", 4.0),
                        Map.entry("dispatcher.input.paths", 2L),
                        Map.entry("dispatcher.input.bytes", 4096L),
                        Map.entry("dispatcher.output.bytes", 1024L),
                        Map.entry("dispatcher.memory.peak", 500L)));
        assertThat(said(only(trace, "attempt")))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("dispatcher.attempt", 1L, "dispatcher.machine", "a", "dispatcher.placed", "it is idle"));
        assertThat(said(only(trace, "copy-in")))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("dispatcher.input.paths", 2L, "dispatcher.input.bytes", 4096L));
        assertThat(said(only(trace, "run")))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("dispatcher.output.bytes", 1024L, "dispatcher.memory.peak", 500L));
    }

    @Test
    void aFailedBuildIsAnErrorWhereItFailedAndAsAWhole() {
        var trace = of(
                build(
                        20,
                        Outcome.FAILED,
                        "exit code 1",
                        Waits.NONE,
                        Copied.NOTHING,
                        Attempt.begun("a", "it is idle", at(1))),
                at(20));

        assertThat(picture(trace))
                .containsExactly(
                        "build < -: 0-20", "queue < build: 0-1", "attempt < build: 1-20", "run < attempt: 1-20");
        for (var name : List.of("build", "attempt", "run")) {
            assertThat(only(trace, name).getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(only(trace, name).getStatus().getDescription()).isEqualTo("exit code 1");
        }
        assertThat(only(trace, "queue").getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    }

    /// The inputs of the first attempt were perhaps never there.
    @Test
    void eachAttemptIsASpanWithTheWaitBeforeIt() {
        var trace = of(
                build(
                        30,
                        Outcome.BUILT,
                        "",
                        Waits.NONE,
                        new Copied(1, 7, Duration.ofSeconds(2)),
                        new Attempt("a", "it is idle", at(1), Optional.of("the connection broke"), Optional.empty()),
                        new Attempt("b", "a was lost", at(12), Optional.empty(), Optional.of("by root: it hangs")),
                        Attempt.begun("c", "it is next", at(20))),
                at(5),
                at(15),
                at(30));

        assertThat(picture(trace))
                .containsExactly(
                        "build < -: 0-30",
                        "queue < build: 0-1",
                        "attempt < build: 1-5",
                        "queue < build: 5-12",
                        "attempt < build: 12-15",
                        "queue < build: 15-20",
                        "attempt < build: 20-30",
                        "copy-in < attempt: 20-22",
                        "run < attempt: 22-30");
        var attempts =
                trace.stream().filter(span -> span.getName().equals("attempt")).toList();
        assertThat(attempts)
                .extracting(span ->
                        said(span).get("dispatcher.attempt") + " " + said(span).get("dispatcher.machine"))
                .containsExactly("1 a", "2 b", "3 c");
        assertThat(attempts.getFirst().getStatus().getDescription()).isEqualTo("the connection broke");
        assertThat(attempts)
                .extracting(span -> span.getStatus().getStatusCode())
                .containsExactly(StatusCode.ERROR, StatusCode.UNSET, StatusCode.UNSET);
        assertThat(said(attempts.get(1))).containsEntry("dispatcher.moved", "by root: it hangs");
        assertThat(trace.getFirst().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    }

    /// The one that gave the result is the last on record, though it began first.
    @Test
    void oneOfTwoAttemptsAtOnceWaitsForNothing() {
        var trace = of(
                build(
                        30,
                        Outcome.BUILT,
                        "",
                        Waits.NONE,
                        new Copied(1, 7, Duration.ofSeconds(2)),
                        Attempt.begun("fast", "the other takes too long", at(20)),
                        Attempt.begun("slow", "it is idle", at(1))),
                at(30),
                at(30));

        assertThat(picture(trace))
                .containsExactly(
                        "build < -: 0-30",
                        "queue < build: 0-1",
                        "attempt < build: 1-30",
                        "copy-in < attempt: 1-3",
                        "run < attempt: 3-30",
                        "attempt < build: 20-30");
    }

    @Test
    void aBuildThatNoMachineGotHasWaitedToItsEnd() {
        var refused = of(build(5, Outcome.REFUSED, "no machine has kvm", Waits.NONE, Copied.NOTHING));
        assertThat(picture(refused)).containsExactly("build < -: 0-5", "queue < build: 0-5");
        assertThat(refused.getFirst().getStatus().getDescription()).isEqualTo("no machine has kvm");

        var shared = of(build(
                5, Outcome.SHARED, "", new Waits(Duration.ofSeconds(5), Duration.ZERO, Duration.ZERO), Copied.NOTHING));
        assertThat(picture(shared)).containsExactly("build < -: 0-5", "equal-build < build: 0-5");

        var cancelled = of(
                build(
                        9,
                        Outcome.CANCELLED,
                        "cancelled by root",
                        Waits.NONE,
                        Copied.NOTHING,
                        new Attempt("a", "it is idle", at(1), Optional.of("the connection broke"), Optional.empty())),
                at(4));
        assertThat(picture(cancelled))
                .containsExactly("build < -: 0-9", "queue < build: 0-1", "attempt < build: 1-4", "queue < build: 4-9");
        assertThat(cancelled.getFirst().getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(said(cancelled.getFirst())).containsEntry("dispatcher.message", "cancelled by root");
    }

    /// A clock may be set back while a build goes on.
    @Test
    void noSpanEndsBeforeItBeginsOrOutsideOfItsBuild() {
        var trace = of(
                build(
                        -5,
                        Outcome.BUILT,
                        "",
                        new Waits(Duration.ofSeconds(2), Duration.ZERO, Duration.ZERO),
                        new Copied(1, 7, Duration.ofHours(2)),
                        Attempt.begun("a", "it is idle", at(-9))),
                at(-7));

        assertThat(trace).hasSize(4).allMatch(span -> span.getStartEpochNanos() == span.getEndEpochNanos());
    }

    @Test
    void whatIsFetchedLaterIsInTheTraceOfItsBuild() {
        var root = of(Traced.built(), at(20)).getFirst();
        var output = FakeStore.path("tool-1.0");
        var copy = spans.copyOut(BuildEnds.Key.of(Traced.built()), output, 1024, Duration.ofSeconds(2), at(25));

        assertThat(copy.getName()).isEqualTo("copy-out");
        assertThat(copy.getTraceId()).isEqualTo(root.getTraceId());
        assertThat(copy.getParentSpanId()).isEqualTo(root.getSpanId());
        assertThat(second(copy.getStartEpochNanos())).isEqualTo(23);
        assertThat(second(copy.getEndEpochNanos())).isEqualTo(25);
        assertThat(said(copy))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "dispatcher.output.path", StoreDir.NIX_STORE.print(output), "dispatcher.output.bytes", 1024L));
    }

    @Test
    void anotherBuildOfTheSameDerivationIsAnotherTrace() {
        var key = BuildEnds.Key.of(Traced.built());
        var ids = List.of(
                        key,
                        new BuildEnds.Key(43, key.drvPath(), key.asked()),
                        new BuildEnds.Key(42, FakeStore.path("other.drv"), key.asked()),
                        new BuildEnds.Key(42, key.drvPath(), key.asked().plusMillis(1)))
                .stream()
                .map(it -> spans.copyOut(it, FakeStore.path("x"), 1, Duration.ZERO, T)
                        .getTraceId())
                .toList();
        assertThat(ids).doesNotHaveDuplicates();
    }
}
