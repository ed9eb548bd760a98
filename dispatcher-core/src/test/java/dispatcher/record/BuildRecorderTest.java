package dispatcher.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.RecordStore.Fetch;
import dispatcher.record.RecordStore.Query;
import dispatcher.schedule.policy.Placement;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.MemoryRecordStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BuildRecorderTest {
    private static final String X86 = "x86_64-linux";
    private static final StorePath DRV = FakeStore.path("tool-1.0.drv");
    private static final StorePath OUT = FakeStore.path("tool-1.0");
    private static final BasicDerivation DERIVATION = new BasicDerivation(
            new TreeMap<>(Map.of("out", new DerivationOutput.InputAddressed(OUT))),
            Set.of(),
            X86,
            ByteString.of("/bin/sh"),
            List.of(),
            new TreeMap<>());

    private final ManualClock clock = new ManualClock();
    private final MemoryRecordStore store = new MemoryRecordStore();
    private final List<Ended> ended = new ArrayList<>();
    private final List<Got> fetched = new ArrayList<>();
    private final BuildEnds heard = new BuildEnds() {
        @Override
        public void ended(BuildRecord record, List<Instant> left) {
            ended.add(new Ended(record, left));
        }

        @Override
        public void fetched(Key build, StorePath output, long bytes, Duration took, Instant at) {
            fetched.add(new Got(build, output, bytes, took, at));
        }
    };
    private BuildRecorder recorder;

    private record Ended(BuildRecord record, List<Instant> left) {}

    private record Got(BuildEnds.Key build, StorePath output, long bytes, Duration took, Instant at) {}

    @BeforeEach
    void open() {
        recorder = BuildRecorder.unstarted(store, new BuildRecorder.Limits(Duration.ofDays(30), 100_000), clock, heard);
        recorder.clientConnected(7, "ci@build@10.0.0.3:51234");
    }

    private void ask(long build) {
        recorder.buildRequested(build, 7, DRV, DERIVATION);
        recorder.buildQueued(build, 7, DRV, X86, new TreeSet<>(Set.of("kvm")));
    }

    private BuildRecord only() throws IOException {
        var found = recorder.find(Query.ALL, 10);
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    @Test
    void aBuildIsOnRecordFromItsRequestToItsEnd() throws IOException {
        var asked = clock.instant();
        ask(3);
        assertThat(only().outcome()).isEqualTo(Outcome.WAITING);
        clock.advance(Duration.ofSeconds(2));
        recorder.buildAlone(3, DRV, Duration.ofSeconds(2));
        clock.advance(Duration.ofSeconds(5));
        var began = clock.instant();
        recorder.buildAssigned(3, DRV, "a", "it is idle", Duration.ofSeconds(7));
        assertThat(only().outcome()).isEqualTo(Outcome.RUNNING);
        recorder.inputsCopied(3, DRV, "a", 2, 4096, Duration.ofSeconds(1));
        recorder.memoryMeasured(3, DRV, "a", 500);
        recorder.memoryMeasured(3, DRV, "a", 400);
        recorder.outputsMade(3, DRV, "a", Map.of(OUT, 1024L));
        clock.advance(Duration.ofSeconds(9));
        recorder.buildEnded(3, DRV, "a", BuildStatus.BUILT, "", Duration.ofSeconds(8));

        assertThat(only())
                .isEqualTo(new BuildRecord(
                        1,
                        "ci@build",
                        DRV,
                        X86,
                        new TreeSet<>(Set.of("kvm")),
                        asked,
                        Optional.of(clock.instant()),
                        Outcome.BUILT,
                        "",
                        new BuildRecord.Waits(Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ZERO),
                        List.of(Attempt.begun("a", "it is idle", began)),
                        new BuildRecord.Copied(2, 4096, Duration.ofSeconds(1)),
                        BuildRecord.Fetched.NOTHING,
                        Duration.ofSeconds(8),
                        1024,
                        500));
    }

    @Test
    void aBuildThatIsLostWaitsAgainAndHasTwoAttempts() throws IOException {
        ask(1);
        recorder.buildAlone(1, DRV, Duration.ZERO);
        recorder.buildAssigned(1, DRV, "a", "it is idle", Duration.ofSeconds(1));
        recorder.buildLost(1, DRV, "a", "the connection broke");
        recorder.buildQueued(1, 7, DRV, X86, Collections.emptySortedSet());
        assertThat(only().outcome()).isEqualTo(Outcome.WAITING);
        recorder.buildAssigned(1, DRV, "b", "a was lost", Duration.ofSeconds(4));
        recorder.buildEnded(1, DRV, "b", BuildStatus.PERMANENT_FAILURE, "exit code 1", Duration.ofSeconds(1));
        var record = only();
        assertThat(record.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(record.message()).isEqualTo("exit code 1");
        assertThat(record.waits().forSlot()).hasSeconds(5);
        assertThat(record.attempts())
                .extracting(Attempt::machine, Attempt::lost)
                .containsExactly(tuple("a", Optional.of("the connection broke")), tuple("b", Optional.empty()));
    }

    @Test
    void theEndOfABuildIsToldWithWhenItLeftEachMachine() throws IOException {
        ask(1);
        recorder.buildAssigned(1, DRV, "a", "it is idle", Duration.ZERO);
        clock.advance(Duration.ofSeconds(3));
        var lost = clock.instant();
        recorder.buildLost(1, DRV, "a", "the connection broke");
        clock.advance(Duration.ofSeconds(4));
        recorder.buildAssigned(1, DRV, "b", "a was lost", Duration.ofSeconds(4));
        recorder.buildDoubled(1, DRV, "c", "b", "it takes too long");
        clock.advance(Duration.ofSeconds(5));
        assertThat(ended).isEmpty();
        recorder.buildEnded(1, DRV, "b", BuildStatus.BUILT, "", Duration.ofSeconds(5));

        // The attempt that counts comes last.
        assertThat(only().attempts()).extracting(Attempt::machine).containsExactly("a", "c", "b");
        assertThat(ended).containsExactly(new Ended(only(), List.of(lost, clock.instant(), clock.instant())));
    }

    @Test
    void eachOtherEndIsToldOnce() throws IOException {
        for (long build = 1; build <= 6; build++) ask(build);
        recorder.buildRefused(1, DRV, "no machine");
        recorder.buildShared(2, 7, DRV, BuildStatus.BUILT, "");
        recorder.buildFound(3, DRV);
        recorder.buildAbandoned(4, DRV);
        recorder.buildCancelled(5, DRV, "root", "");
        recorder.buildShared(6, 7, DRV, BuildStatus.PERMANENT_FAILURE, "exit code 1");
        assertThat(ended)
                .extracting(it -> it.record().outcome())
                .containsExactly(
                        Outcome.REFUSED,
                        Outcome.SHARED,
                        Outcome.FOUND,
                        Outcome.ABANDONED,
                        Outcome.CANCELLED,
                        Outcome.FAILED);
    }

    @Test
    void anOutputThatIsFetchedIsToldWithItsBuild() throws IOException {
        var asked = clock.instant();
        ask(1);
        recorder.buildAssigned(1, DRV, "a", "it is idle", Duration.ZERO);
        recorder.buildEnded(1, DRV, "a", BuildStatus.BUILT, "", Duration.ofSeconds(1));
        clock.advance(Duration.ofSeconds(9));
        recorder.outputSent(7, OUT, "a", 1024, Duration.ofSeconds(2));
        recorder.outputSent(7, FakeStore.path("other"), "a", 1, Duration.ofSeconds(2));
        assertThat(fetched)
                .containsExactly(
                        new Got(new BuildEnds.Key(1, DRV, asked), OUT, 1024, Duration.ofSeconds(2), clock.instant()));
    }

    /// The first of two attempts at once may be the one that counts.
    @Test
    void theMachineOfABuildIsTheOneThatGaveTheResult() throws IOException {
        ask(1);
        recorder.buildAssigned(1, DRV, "slow", "it is idle", Duration.ZERO);
        recorder.buildDoubled(1, DRV, "fast", "slow", "it takes too long");
        assertThat(only().machine()).contains("fast");
        recorder.buildEnded(1, DRV, "slow", BuildStatus.BUILT, "", Duration.ofSeconds(3));
        assertThat(only().machine()).contains("slow");
        assertThat(only().attempts()).hasSize(2);
    }

    @Test
    void everyOtherEndIsOnRecord() throws IOException {
        for (long build = 1; build <= 4; build++) ask(build);
        recorder.buildRefused(1, DRV, "no machine");
        recorder.buildShared(2, 7, DRV, BuildStatus.BUILT, "");
        recorder.buildFound(3, DRV);
        recorder.buildAbandoned(4, DRV);
        assertThat(recorder.find(Query.ALL, 10))
                .extracting(BuildRecord::outcome)
                .containsExactly(Outcome.ABANDONED, Outcome.FOUND, Outcome.SHARED, Outcome.REFUSED);
        assertThat(recorder.find(1)).map(BuildRecord::message).contains("no machine");
    }

    @Test
    void aBuildThatWaitedForAnEqualOneFailsWithIt() throws IOException {
        ask(1);
        recorder.buildShared(1, 7, DRV, BuildStatus.PERMANENT_FAILURE, "exit code 3");

        assertThat(only().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(only().message()).isEqualTo("exit code 3");
        assertThat(only().isShared()).isTrue();
    }

    @Test
    void whatIsWrittenDownIsNoMoreHeldOnceItIsOver() throws IOException {
        ask(1);
        recorder.save();
        assertThat(store.find(1)).map(BuildRecord::outcome).contains(Outcome.WAITING);
        recorder.buildFound(1, DRV);
        assertThat(only().outcome()).isEqualTo(Outcome.FOUND);
        recorder.save();
        assertThat(store.find(1)).map(BuildRecord::outcome).contains(Outcome.FOUND);
        assertThat(recorder.held()).isEmpty();
        assertThat(only().outcome()).isEqualTo(Outcome.FOUND);
    }

    @Test
    void numbersGoOnAfterARestart() throws IOException {
        ask(1);
        recorder.buildFound(1, DRV);
        recorder.close();
        open();
        ask(1);
        assertThat(recorder.find(Query.ALL, 10)).extracting(BuildRecord::id).containsExactly(2L, 1L);
    }

    @Test
    void aDiskThatIsFullLosesNothingThatCanBeWrittenLater() throws IOException {
        store.isFull = true;
        ask(1);
        recorder.of(1).line(ByteString.of("hello"));
        recorder.buildFound(1, DRV);
        recorder.save();
        assertThat(only().outcome()).isEqualTo(Outcome.FOUND);
        store.isFull = false;
        recorder.save();
        assertThat(store.find(1)).isPresent();
        assertThat(text(1)).isEqualTo("hello\n");
        assertThat(recorder.held()).isEmpty();
    }

    @Test
    void onAFullDiskBuildsOfAnEarlierLifeAreInterruptedLater() {
        store.isFull = true;
        recorder.save();
        store.isFull = false;
        recorder.save();
        recorder.save();
        assertThat(store.interruptions).isEqualTo(1);
    }

    /// Else it would write over records that are there.
    @Test
    void nothingIsRecordedWhereItIsNotKnownWhatThereIs() throws IOException {
        store.isUnreadable = true;
        open();
        store.isUnreadable = false;
        ask(1);
        recorder.of(1).line(ByteString.of("hello"));
        recorder.buildFound(1, DRV);
        recorder.close();
        assertThat(recorder.find(Query.ALL, 10)).isEmpty();
        assertThat(store.lastId()).isZero();
    }

    private String text(long id) throws IOException {
        // In small answers, as a page asks for it.
        var text = new ByteArrayOutputStream();
        while (true) {
            var piece = recorder.log(id, text.size(), 10_000);
            text.writeBytes(piece.text().toByteArray());
            if (piece.isLast()) return text.toString(StandardCharsets.UTF_8);
        }
    }

    @Test
    void theLogCanBeReadWhileItGrowsAndAfterwards() throws IOException {
        ask(1);
        var log = recorder.of(1);
        var expected = new StringBuilder();
        for (int i = 0; i < 4_000; i++) {
            var line = "\u001b[31mline\u001b[0m " + i;
            log.line(ByteString.of(line));
            expected.append(line).append('\n');
            if (i % 1_000 == 500) recorder.save();
            if (i % 700 == 0) assertThat(text(1)).isEqualTo(expected.toString());
        }
        recorder.buildFound(1, DRV);
        assertThat(text(1)).isEqualTo(expected.toString());
        recorder.save();
        assertThat(recorder.held()).isEmpty();
        assertThat(text(1)).isEqualTo(expected.toString());
        assertThat(store.log(1, 0, 100).stream()
                        .mapToInt(part -> part.compressed().length())
                        .sum())
                .isLessThan(expected.length() / 3);
    }

    /// Else who follows a log that grows fast, on a slow disk, would get all of it in one answer.
    @Test
    void whatIsNotWrittenDownYetComesInWholeLinesOfAboutTheSizeAskedFor() throws IOException {
        ask(1);
        var expected = new StringBuilder();
        for (int i = 0; i < 9_000; i++) {
            recorder.of(1).line(ByteString.of("line " + i));
            expected.append("line ").append(i).append('\n');
        }
        assertThat(recorder.logLength(1)).isEqualTo(expected.length());
        var text = new StringBuilder();
        boolean more = true;
        while (more) {
            var piece = recorder.log(1, text.length(), 10_000);
            var part = piece.text().utf8();
            assertThat(part).hasSizeBetween(1, 10_020).endsWith("\n");
            text.append(part);
            more = !piece.isLast();
        }
        assertThat(text.toString()).isEqualTo(expected.toString());

        recorder.buildFound(1, DRV);
        recorder.save();
        assertThat(recorder.held()).isEmpty();
        assertThat(recorder.logLength(1)).isEqualTo(expected.length());
        assertThat(recorder.logLength(2)).isZero();
    }

    @Test
    void ofALongLogTheBeginningIsKept() throws IOException {
        ask(1);
        for (int i = 0; i < 50; i++) recorder.of(1).line(ByteString.of("x".repeat(9_999)));
        assertThat(text(1).lines()).hasSize(11).last().asString().contains("records.logSize");
        assertThat(text(1)).hasSizeLessThan(101_000);
    }

    @Test
    void noLogIsKeptWhereNoneIsWanted() throws IOException {
        recorder.change(new BuildRecorder.Limits(Duration.ofDays(1), 0));
        ask(1);
        recorder.of(1).line(ByteString.of("hello"));
        assertThat(text(1)).isEmpty();
    }

    /// As for commands where no dispatcher runs.
    @Test
    void whatWentOnWhenTheProgramEndedWasInterrupted() throws IOException {
        ask(1);
        recorder.save();
        var later = BuildRecorder.reading(store);
        assertThat(later.find(1)).map(BuildRecord::outcome).contains(Outcome.INTERRUPTED);
        assertThat(later.find(query("", "", "", List.of(Outcome.WAITING)), 10)).isEmpty();
        assertThat(recorder.find(1)).map(BuildRecord::outcome).contains(Outcome.WAITING);
    }

    @Test
    void aBuildThatNobodyKnowsHasNoLog() throws IOException {
        recorder.of(99).line(ByteString.of("hello"));
        assertThat(text(99)).isEmpty();
    }

    @Test
    void aBuildSaysWhyItWentWhereItIs() throws IOException {
        ask(1);
        recorder.buildAssigned(1, DRV, "a", "it is idle", Duration.ZERO);
        var first = account("a");
        recorder.placed(1, () -> first);
        assertThat(recorder.placements(1)).containsExactly(first);
        recorder.save();
        assertThat(recorder.placements(1)).containsExactly(first);
        recorder.buildLost(1, DRV, "a", "it broke");
        var second = account("b");
        recorder.placed(1, () -> second);
        assertThat(recorder.placements(1)).containsExactly(first, second);
        recorder.buildFound(1, DRV);
        recorder.save();
        assertThat(recorder.held()).isEmpty();
        assertThat(recorder.placements(1)).containsExactly(first, second);
    }

    private static PlacementAccount account(String machine) {
        var chosen = new Placement(machine, 0, 0, 5, 1, 30, false, 1, 8, 1, true, true);
        return new PlacementAccount(chosen, List.of(), 0, new TreeMap<>(Map.of("it is drained", 2)));
    }

    @Test
    void waitingForMachinesThatAreAwayIsApart() throws IOException {
        ask(1);
        recorder.buildAlone(1, DRV, Duration.ofSeconds(2));
        recorder.buildHeldUp(1, DRV, Duration.ofSeconds(3));
        recorder.buildHeldUp(1, DRV, Duration.ofSeconds(1));
        recorder.buildAssigned(1, DRV, "a", "it is idle", Duration.ofSeconds(10));
        assertThat(only().waits())
                .isEqualTo(new BuildRecord.Waits(Duration.ofSeconds(2), Duration.ofSeconds(4), Duration.ofSeconds(4)));
        recorder.buildLost(1, DRV, "a", "it broke");
        recorder.buildAssigned(1, DRV, "b", "it is idle", Duration.ofSeconds(5));
        assertThat(only().waits())
                .isEqualTo(new BuildRecord.Waits(Duration.ofSeconds(2), Duration.ofSeconds(9), Duration.ofSeconds(4)));
    }

    @Test
    void whatTheClientFetchesAfterwardsIsWrittenDown() {
        ask(1);
        recorder.buildEnded(1, DRV, "a", BuildStatus.BUILT, "", Duration.ofSeconds(1));
        recorder.save();
        recorder.outputSent(8, OUT, "a", 999, Duration.ofSeconds(9));
        recorder.outputSent(7, OUT, "a", 1024, Duration.ofSeconds(2));
        recorder.save();
        recorder.save();
        assertThat(store.fetches).containsExactly(new Fetch(1, 1024, Duration.ofSeconds(2), clock.instant()));
    }

    @Test
    void aLogThatNobodyHasTimeToCompressStaysWhole() throws IOException {
        recorder.change(new BuildRecorder.Limits(Duration.ofDays(1), 1 << 30));
        ask(1);
        var line = "y".repeat(1_023);
        for (int i = 0; i < 2_000; i++) recorder.of(1).line(ByteString.of(line));
        assertThat(text(1)).isEqualTo((line + "\n").repeat(2_000));
        recorder.buildFound(1, DRV);
        recorder.save();
        assertThat(text(1)).isEqualTo((line + "\n").repeat(2_000));
    }

    @Test
    void aLongMessageIsCut() throws IOException {
        ask(1);
        recorder.buildRefused(1, DRV, "x".repeat(10_000));
        assertThat(only().message()).hasSizeBetween(4_000, 4_010).endsWith("…");
    }

    @Test
    void onlyThoseThatAreAskedForAreFound() throws IOException {
        ask(1);
        recorder.buildAssigned(1, DRV, "a", "", Duration.ZERO);
        var other = FakeStore.path("lib-2.drv");
        recorder.clientConnected(8, "laptop@local");
        recorder.buildRequested(2, 8, other, DERIVATION);
        assertThat(ids(new Query(2, none(), none(), none(), List.of(), Optional.empty())))
                .containsExactly(1L);
        assertThat(ids(query("lib", "", "", List.of()))).containsExactly(2L);
        assertThat(ids(query("", "a", "", List.of()))).containsExactly(1L);
        assertThat(ids(query("", "", "laptop", List.of()))).containsExactly(2L);
        assertThat(ids(query("", "", "", List.of(Outcome.RUNNING, Outcome.BUILT))))
                .containsExactly(1L);
        assertThat(ids(new Query(
                        9,
                        none(),
                        none(),
                        none(),
                        List.of(),
                        Optional.of(clock.instant().plusSeconds(1)))))
                .isEmpty();
    }

    private static Optional<String> none() {
        return Optional.empty();
    }

    private static Query query(String name, String machine, String client, List<Outcome> outcome) {
        return new Query(
                Long.MAX_VALUE,
                Optional.of(name).filter(it -> !it.isEmpty()),
                Optional.of(machine).filter(it -> !it.isEmpty()),
                Optional.of(client).filter(it -> !it.isEmpty()),
                outcome,
                Optional.empty());
    }

    private List<Long> ids(Query query) throws IOException {
        return recorder.find(query, 10).stream().map(BuildRecord::id).toList();
    }

    @Test
    void oldOnesAreForgotten() throws Exception {
        ask(1);
        recorder.buildFound(1, DRV);
        ask(2);
        recorder.save();
        clock.advance(Duration.ofDays(31));
        recorder.buildFound(2, DRV);
        recorder.save();
        while (recorder.forgetSomeOld()) {}
        assertThat(recorder.find(Query.ALL, 10)).extracting(BuildRecord::id).containsExactly(2L);
    }

    @Test
    void theDiskTakesWhatWasForgottenNowAndThen() throws Exception {
        for (long build = 1; build <= 120; build++) {
            ask(build);
            recorder.buildFound(build, DRV);
        }
        recorder.save();
        clock.advance(Duration.ofDays(31));

        int rounds = 0;
        while (recorder.forgetSomeOld()) rounds++;

        assertThat(rounds).isEqualTo(24);
        assertThat(store.settled).isEqualTo(2);
    }
}
