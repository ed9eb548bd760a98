package dispatcher.cli.state.records;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.nix.ByteString;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Copied;
import dispatcher.record.BuildRecord.Fetched;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecord.Waits;
import dispatcher.record.RecordFigures;
import dispatcher.record.RecordStore;
import dispatcher.record.RecordStore.Batch;
import dispatcher.record.RecordStore.Fetch;
import dispatcher.record.RecordStore.LogPart;
import dispatcher.record.RecordStore.Placed;
import dispatcher.record.RecordStore.Query;
import dispatcher.schedule.policy.Placement;
import dispatcher.testkit.FakeStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqlRecordsTest {
    private static final Instant T = Instant.parse("2026-01-01T00:00:00.123Z");

    @TempDir
    private Path directory;

    private RecordDatabase database;
    private RecordStore records;

    @BeforeEach
    void open() {
        database = RecordDatabase.in(directory);
        records = database.records();
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void restart() {
        close();
        open();
    }

    private static BuildRecord record(long id, String name, String machine, String client, Outcome outcome) {
        return new BuildRecord(
                id,
                client,
                FakeStore.path(name + ".drv"),
                "x86_64-linux",
                new TreeSet<>(Set.of("kvm", "big")),
                T.plusSeconds(id),
                outcome.isOver() ? Optional.of(T.plusSeconds(id + 60)) : Optional.empty(),
                outcome,
                "it said \"no\"\nand ended",
                new Waits(Duration.ofMillis(1500), Duration.ofMillis(20), Duration.ofMillis(300)),
                List.of(
                        new Attempt(
                                "gone",
                                "it is idle",
                                T.plusSeconds(id),
                                Optional.of("the connection broke"),
                                Optional.empty()),
                        new Attempt(
                                "left",
                                "it is near",
                                T.plusSeconds(id),
                                Optional.empty(),
                                Optional.of("by root: it hangs")),
                        Attempt.begun(machine, "it is fast", T.plusSeconds(id + 1))),
                new Copied(3, 1L << 40, Duration.ofMillis(70)),
                Fetched.NOTHING,
                Duration.ofSeconds(50),
                4096,
                1L << 33);
    }

    private void save(BuildRecord... some) throws IOException {
        records.save(Batch.of(List.of(some)));
    }

    private List<Long> ids(Query query) throws IOException {
        return records.find(query, Set.of(), 100).stream().map(BuildRecord::id).toList();
    }

    @Test
    void aRestartForgetsNothing() throws IOException {
        var built = record(1, "tool-1.0", "a", "ci", Outcome.BUILT);
        save(built);
        restart();
        assertThat(records.find(1)).contains(built);
        assertThat(records.find(2)).isEmpty();
        records.interrupt(T);
        assertThat(records.lastId()).isEqualTo(1);
        assertThat(records.find(1)).contains(built);
    }

    @Test
    void aBuildThatWentOnIsInterrupted() throws IOException {
        save(record(1, "x", "a", "ci", Outcome.BUILT), record(2, "y", "a", "ci", Outcome.RUNNING));
        restart();
        var now = T.plusSeconds(1000);
        records.interrupt(now);
        assertThat(records.lastId()).isEqualTo(2);
        assertThat(records.find(2)).hasValueSatisfying(it -> {
            assertThat(it.outcome()).isEqualTo(Outcome.INTERRUPTED);
            assertThat(it.ended()).contains(now);
        });
        assertThat(records.find(1)).map(BuildRecord::outcome).contains(Outcome.BUILT);
    }

    @Test
    void whatIsSavedAgainTakesThePlaceOfWhatWasThere() throws IOException {
        save(record(1, "x", "a", "ci", Outcome.RUNNING));
        var end = record(1, "x", "b", "ci", Outcome.FAILED);
        save(end);
        assertThat(records.find(Query.ALL, Set.of(), 10)).containsExactly(end);
    }

    @Test
    void onlyThoseThatAreAskedForAreFoundTheNewestFirst() throws IOException {
        save(
                record(1, "tool-1.0", "a", "ci", Outcome.BUILT),
                record(2, "tool-2.0", "b", "ci", Outcome.FAILED),
                record(3, "tools", "a", "laptop", Outcome.REFUSED),
                record(4, "lib_1", "a", "ci", Outcome.RUNNING));
        assertThat(ids(Query.ALL)).containsExactly(4L, 3L, 2L, 1L);
        assertThat(records.find(Query.ALL, Set.of(), 2))
                .extracting(BuildRecord::id)
                .containsExactly(4L, 3L);
        assertThat(ids(query(3, "", "", ""))).containsExactly(2L, 1L);
        assertThat(ids(query(9, "tool-", "", ""))).containsExactly(2L, 1L);
        assertThat(ids(query(9, "lib_1", "", ""))).containsExactly(4L);
        assertThat(ids(query(9, "%", "", ""))).isEmpty();
        assertThat(ids(query(9, "", "b", ""))).containsExactly(2L);
        assertThat(ids(query(9, "", "", "laptop"))).containsExactly(3L);
        assertThat(ids(query(9, "", "", "' OR 1=1 --"))).isEmpty();
        assertThat(ids(query(9, "", "", "", Outcome.FAILED, Outcome.REFUSED))).containsExactly(3L, 2L);
        assertThat(ids(new Query(
                        9,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        Optional.of(T.plusSeconds(3)))))
                .containsExactly(4L, 3L);
    }

    private static Query query(long before, String name, String machine, String client, Outcome... outcome) {
        return new Query(
                before,
                Optional.of(name).filter(it -> !it.isEmpty()),
                Optional.of(machine).filter(it -> !it.isEmpty()),
                Optional.of(client).filter(it -> !it.isEmpty()),
                List.of(outcome),
                Optional.empty());
    }

    @Test
    void logsStayInTheirOrder() throws IOException {
        var all = new ArrayList<LogPart>();
        for (int i = 0; i < 12; i++) all.add(new LogPart(1, i, i * 100L, ByteString.copyOf(new byte[] {(byte) i})));
        records.save(new Batch(List.of(record(1, "x", "a", "ci", Outcome.BUILT)), all, List.of(), List.of()));
        restart();
        assertThat(records.log(1, 0, 100))
                .extracting(part -> (int) part.compressed().at(0))
                .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        assertThat(records.log(2, 0, 100)).isEmpty();
        assertThat(records.log(1, 250, 2)).extracting(LogPart::part).containsExactly(2, 3);
        assertThat(records.log(1, 300, 2)).extracting(LogPart::part).containsExactly(3, 4);
        assertThat(records.log(1, 1 << 20, 2)).extracting(LogPart::start).containsExactly(1100L);
    }

    @Test
    void oldOnesAreForgottenWithTheirLogs() throws Exception {
        records.save(new Batch(
                List.of(
                        record(1, "x", "a", "ci", Outcome.BUILT),
                        record(2, "x", "a", "ci", Outcome.RUNNING),
                        record(3, "x", "a", "ci", Outcome.BUILT)),
                List.of(new LogPart(1, 0, 0, ByteString.of("x")), new LogPart(3, 0, 0, ByteString.of("x"))),
                List.of(new Placed(1, 0, account("a")), new Placed(3, 0, account("a"))),
                List.of()));
        assertThat(records.forgetBefore(T.plusSeconds(62))).isFalse();
        assertThat(count("build_placement")).isEqualTo(1);
        assertThat(ids(Query.ALL)).containsExactly(3L, 2L);
        assertThat(records.log(1, 0, 9)).isEmpty();
        assertThat(records.log(3, 0, 9)).hasSize(1);
        assertThat(count("build_attempt")).isEqualTo(6);
    }

    @Test
    void manyOldOnesGoInPieces() throws IOException {
        var many = new ArrayList<BuildRecord>();
        for (int i = 1; i <= 700; i++) many.add(record(i, "x", "a", "ci", Outcome.BUILT));
        records.save(Batch.of(many));
        assertThat(records.forgetBefore(T.plusSeconds(100_000))).isTrue();
        assertThat(ids(Query.ALL)).isNotEmpty();
        int steps = 1;
        while (records.forgetBefore(T.plusSeconds(100_000))) steps++;
        assertThat(ids(Query.ALL)).isEmpty();
        assertThat(steps).isBetween(2, 20);
    }

    @Test
    void settlingHasTheFileTakeWhatWasWritten() throws IOException {
        records.save(Batch.of(List.of(record(1, "x", "a", "ci", Outcome.BUILT))));
        records.settle();
        var file = directory.resolve("records.sqlite");
        var before = Files.readAllBytes(file);
        records.save(Batch.of(List.of(record(2, "x", "a", "ci", Outcome.BUILT))));
        assertThat(Files.readAllBytes(file)).isEqualTo(before);

        records.settle();

        assertThat(Files.readAllBytes(file)).isNotEqualTo(before);
    }

    @Test
    void countsWhatHasEndedSinceThen() throws IOException {
        save(
                record(1, "x", "a", "ci", Outcome.BUILT),
                record(2, "x", "a", "ci", Outcome.BUILT),
                record(3, "x", "a", "ci", Outcome.FAILED),
                record(4, "x", "a", "ci", Outcome.RUNNING));
        assertThat(records.count(T.plusSeconds(62)))
                .containsOnly(Map.entry(Outcome.BUILT, 1L), Map.entry(Outcome.FAILED, 1L));
    }

    private static PlacementAccount account(String machine) {
        var chosen = new Placement(machine, 0, 0, 1L << 40, 0.125, 30, false, 1, 8, 1.25, true, true);
        var other = new Placement("\"b\"\n", 0, 31.5, 0, 0.1, 60, true, 0, 4, 0.5, true, false);
        return new PlacementAccount(
                chosen,
                List.of(other),
                3,
                new TreeMap<>(Map.of("it is drained", 2, "it lacks the feature kvm", 9_000)));
    }

    @Test
    void placementsAreReadAsTheyWereWritten() throws IOException {
        records.save(new Batch(
                List.of(record(1, "x", "a", "ci", Outcome.BUILT)),
                List.of(),
                List.of(new Placed(1, 0, account("a")), new Placed(1, 1, account("b"))),
                List.of()));
        restart();
        assertThat(records.placements(1)).containsExactly(account("a"), account("b"));
        assertThat(records.placements(2)).isEmpty();
    }

    @Test
    void whatIsFetchedIsAddedUpAndStaysWhenTheRecordIsSavedAgain() throws IOException {
        var built = record(1, "x", "a", "ci", Outcome.BUILT);
        save(built);
        for (int i = 1; i <= 2; i++)
            records.save(new Batch(
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(new Fetch(1, 1L << 40, Duration.ofMillis(700), T.plusSeconds(i)))));
        save(built);
        assertThat(records.find(1))
                .map(BuildRecord::fetched)
                .contains(new Fetched(2, 1L << 41, Duration.ofMillis(1400), Optional.of(T.plusSeconds(2))));
    }

    /// As if the process had been killed in the middle: what another one finds is all that was there before.
    @Test
    void aCrashInTheMiddleOfWritingLosesNothingThatWasThere() throws IOException {
        var before = record(1, "x", "a", "ci", Outcome.BUILT);
        save(before, record(2, "y", "a", "ci", Outcome.RUNNING));
        var crashed = directory.resolve("crashed");
        var many = new ArrayList<BuildRecord>();
        for (int i = 1; i <= 400; i++) many.add(record(i, "z" + i, "b", "ci", Outcome.FAILED));
        records.save(Batch.of(new AbstractList<>() {
            private int reads;

            @Override
            public BuildRecord get(int index) {
                // When it is read for the third time, for the attempts, the builds are in the transaction.
                if (index == 399 && ++reads == 3) copyTo(crashed);
                return many.get(index);
            }

            @Override
            public int size() {
                return many.size();
            }
        }));
        assertThat(records.find(400)).isPresent();
        try (var found = RecordDatabase.in(crashed)) {
            var now = T.plusSeconds(5_000);
            found.records().interrupt(now);
            assertThat(found.records().find(1)).contains(before);
            assertThat(found.records().find(2)).hasValueSatisfying(it -> {
                assertThat(it.name()).isEqualTo("y");
                assertThat(it.outcome()).isEqualTo(Outcome.INTERRUPTED);
                assertThat(it.ended()).contains(now);
            });
            assertThat(found.records().lastId()).isEqualTo(2);
            found.records().save(Batch.of(List.of(record(3, "next", "b", "ci", Outcome.BUILT))));
            assertThat(found.records().find(3)).map(BuildRecord::name).contains("next");
        }
    }

    private void copyTo(Path elsewhere) {
        try {
            Files.createDirectories(elsewhere);
            try (var files = Files.list(directory)) {
                for (var file : files.filter(Files::isRegularFile).toList())
                    Files.copy(file, elsewhere.resolve(file.getFileName()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void textsThatNoBuildHasAnyMoreGoToo() throws Exception {
        var many = new ArrayList<BuildRecord>();
        for (int i = 1; i <= 150; i++) many.add(record(i, "tool" + i, "a", "ci", Outcome.BUILT));
        records.save(Batch.of(many));
        assertThat(count("label")).isGreaterThan(150);
        while (records.forgetBefore(T.plus(Duration.ofDays(3)))) {}
        assertThat(count("label")).isZero();
        assertThat(count("load_hour")).isZero();
        assertThat(count("package_day")).isZero();
        restart();
        save(many.getFirst());
        assertThat(records.find(1)).contains(many.getFirst());
    }

    @Test
    void aTextThatBuildsStillHaveStays() throws Exception {
        save(record(1, "x", "a", "ci", Outcome.BUILT), record(2, "y", "a", "ci", Outcome.RUNNING));
        var later = T.plus(Duration.ofDays(9));
        restart();
        records.interrupt(later);
        while (records.forgetBefore(later.minusSeconds(1))) {}
        assertThat(records.find(1)).isEmpty();
        assertThat(records.find(2)).map(BuildRecord::name).contains("y");
    }

    @Test
    void eachBuildCountsOnceToWhatItsKindWaitedFor() throws IOException {
        var built = record(1, "tool-1.0", "a", "ci", Outcome.BUILT);
        save(record(1, "tool-1.0", "a", "ci", Outcome.RUNNING));
        save(built);
        save(built);
        save(
                record(2, "tool-2.0", "a", "ci", Outcome.FAILED),
                record(3, "lib-1", "a", "ci", Outcome.REFUSED),
                record(4, "lib-1", "a", "ci", Outcome.SHARED));
        var load = database.figures().load(T);
        assertThat(load).hasSize(1);
        assertThat(load.getFirst())
                .isEqualTo(new RecordFigures.Load(
                        "x86_64-linux",
                        new TreeSet<>(Set.of("kvm", "big")),
                        3,
                        1,
                        1,
                        Duration.ofMillis(4500),
                        Duration.ofMillis(60),
                        Duration.ofMillis(900),
                        Duration.ofMillis(210),
                        Duration.ofSeconds(150),
                        Duration.ofMillis(320)));
        assertThat(database.figures().load(T.plus(Duration.ofHours(2)))).isEmpty();
        var costs = database.figures().packages(T, RecordFigures.Cost.TIME, 10);
        assertThat(costs)
                .containsExactly(new RecordFigures.PackageCost(
                        "tool",
                        "x86_64-linux",
                        2,
                        1,
                        Duration.ofSeconds(100),
                        Duration.ofMillis(140),
                        1L << 41,
                        8192,
                        1L << 33));
    }

    @Test
    void packagesAreSortedByWhatIsAskedFor() throws IOException {
        save(
                record(1, "a-1", "a", "ci", Outcome.BUILT),
                record(2, "b-1", "a", "ci", Outcome.BUILT),
                record(3, "b-2", "a", "ci", Outcome.BUILT));
        for (var by : RecordFigures.Cost.values())
            assertThat(database.figures().packages(T, by, 1))
                    .extracting(RecordFigures.PackageCost::name)
                    .containsExactly(by == RecordFigures.Cost.MEMORY ? "a" : "b");
    }

    @Test
    void findsWhatWentOnInATime() throws IOException {
        save(
                record(1, "x", "a", "ci", Outcome.BUILT),
                record(100, "y", "a", "ci", Outcome.BUILT),
                record(200, "z", "a", "ci", Outcome.BUILT));
        assertThat(database.figures().between(T.plusSeconds(100), T.plusSeconds(150), 10))
                .extracting(BuildRecord::id)
                .containsExactly(100L);
        assertThat(database.figures().between(T, T.plusSeconds(1_000), 2))
                .extracting(BuildRecord::id)
                .containsExactly(200L, 100L);
    }

    @Test
    void idsThatAreNotWantedAreLeftOut() throws IOException {
        for (int i = 1; i <= 5; i++) save(record(i, "x" + i, "a", "ci", Outcome.BUILT));
        assertThat(records.find(Query.ALL, Set.of(5L, 3L), 2))
                .extracting(BuildRecord::id)
                .containsExactly(4L, 2L);
    }

    /// The file of the first version, with a build that went on.
    @Test
    void recordsOfTheFirstVersionAreThereStill() throws Exception {
        close();
        Files.deleteIfExists(directory.resolve("records.sqlite"));
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("records.sqlite"));
                var statement = connection.createStatement()) {
            Flyway.configure()
                    .dataSource("jdbc:sqlite:" + directory.resolve("records.sqlite"), "", "")
                    .locations("classpath:dispatcher/cli/state/records")
                    .placeholders(Map.of("clustered", "WITHOUT ROWID"))
                    .target("1")
                    .load()
                    .migrate();
            statement.execute("PRAGMA user_version = 1");
            statement.execute("INSERT INTO build VALUES (7, '%s', 'tool-1.0', 'x86_64-linux', '[\"kvm\"]', 'ci', 'a',"
                            .formatted(FakeStore.path("tool-1.0.drv"))
                    + " 1767225600123, NULL, 'running', 'm', 1, 2, 3, 4, 5, 6, 7, 8)");
            statement.execute("INSERT INTO build_attempt VALUES (7, 0, 'a', 'it is idle', 1767225600124, NULL)");
            statement.execute("INSERT INTO build_log VALUES (7, 0, x'01'), (7, 1, x'02')");
        }
        open();
        assertThat(records.find(7)).hasValueSatisfying(it -> {
            assertThat(it.drvPath()).isEqualTo(FakeStore.path("tool-1.0.drv"));
            assertThat(it.features()).containsExactly("kvm");
            assertThat(it.waits().forSlot()).hasMillis(2);
            assertThat(it.machine()).contains("a");
            assertThat(it.outcome()).isEqualTo(Outcome.RUNNING);
        });
        assertThat(ids(query(9, "tool", "a", "ci", Outcome.RUNNING))).containsExactly(7L);
        assertThat(records.log(7, 40_000, 9)).extracting(LogPart::part).containsExactly(0, 1);
    }

    private int count(String table) throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("records.sqlite"));
                var rows = connection.createStatement().executeQuery("SELECT COUNT(*) FROM " + table)) {
            return rows.getInt(1);
        }
    }

    @Test
    void aDatabaseThatIsNoneIsSetAside() throws IOException {
        save(record(1, "x", "a", "ci", Outcome.BUILT));
        close();
        Files.writeString(directory.resolve("records.sqlite"), "rubbish".repeat(1000));
        open();
        assertThat(records.lastId()).isZero();
        save(record(1, "y", "a", "ci", Outcome.BUILT));
        assertThat(ids(Query.ALL)).containsExactly(1L);
        assertThat(directory.resolve("records.sqlite.broken")).exists();
    }

    @Test
    void aCommandMakesNothing() throws IOException {
        try (var none = RecordDatabase.existingIn(directory.resolve("none"))) {
            assertThat(none.records().find(Query.ALL, Set.of(), 10)).isEmpty();
            assertThat(none.records().log(1, 0, 9)).isEmpty();
        }
        assertThat(directory.resolve("none")).doesNotExist();
    }
}
