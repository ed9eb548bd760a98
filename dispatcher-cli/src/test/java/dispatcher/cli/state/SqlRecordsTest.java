package dispatcher.cli.state;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.ByteString;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Copied;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecord.Waits;
import dispatcher.record.RecordStore;
import dispatcher.record.RecordStore.LogPart;
import dispatcher.record.RecordStore.Query;
import dispatcher.testkit.FakeStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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
                new Waits(Duration.ofMillis(1500), Duration.ofMillis(20)),
                List.of(
                        new Attempt("gone", "it is idle", T.plusSeconds(id), Optional.of("the connection broke")),
                        new Attempt(machine, "it is fast", T.plusSeconds(id + 1), Optional.empty())),
                new Copied(3, 1L << 40, Duration.ofMillis(70)),
                Duration.ofSeconds(50),
                4096,
                1L << 33);
    }

    private void save(BuildRecord... some) throws IOException {
        records.save(List.of(some), List.of());
    }

    private List<Long> ids(Query query) throws IOException {
        return records.find(query, 100).stream().map(BuildRecord::id).toList();
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
        assertThat(records.find(Query.ALL, 10)).containsExactly(end);
    }

    @Test
    void onlyThoseThatAreAskedForAreFoundTheNewestFirst() throws IOException {
        save(
                record(1, "tool-1.0", "a", "ci", Outcome.BUILT),
                record(2, "tool-2.0", "b", "ci", Outcome.FAILED),
                record(3, "tools", "a", "laptop", Outcome.REFUSED),
                record(4, "lib_1", "a", "ci", Outcome.RUNNING));
        assertThat(ids(Query.ALL)).containsExactly(4L, 3L, 2L, 1L);
        assertThat(records.find(Query.ALL, 2)).extracting(BuildRecord::id).containsExactly(4L, 3L);
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
        for (int i = 0; i < 12; i++) all.add(new LogPart(1, i, ByteString.copyOf(new byte[] {(byte) i})));
        records.save(List.of(record(1, "x", "a", "ci", Outcome.BUILT)), all);
        restart();
        assertThat(records.log(1))
                .extracting(part -> (int) part.compressed().at(0))
                .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        assertThat(records.log(2)).isEmpty();
    }

    @Test
    void oldOnesAreForgottenWithTheirLogs() throws Exception {
        records.save(
                List.of(
                        record(1, "x", "a", "ci", Outcome.BUILT),
                        record(2, "x", "a", "ci", Outcome.RUNNING),
                        record(3, "x", "a", "ci", Outcome.BUILT)),
                List.of(new LogPart(1, 0, ByteString.of("x")), new LogPart(3, 0, ByteString.of("x"))));
        assertThat(records.forgetBefore(T.plusSeconds(62))).isFalse();
        assertThat(ids(Query.ALL)).containsExactly(3L, 2L);
        assertThat(records.log(1)).isEmpty();
        assertThat(records.log(3)).hasSize(1);
        assertThat(count("build_attempt")).isEqualTo(4);
    }

    @Test
    void manyOldOnesGoInPieces() throws IOException {
        var many = new ArrayList<BuildRecord>();
        for (int i = 1; i <= 700; i++) many.add(record(i, "x", "a", "ci", Outcome.BUILT));
        records.save(many, List.of());
        assertThat(records.forgetBefore(T.plusSeconds(100_000))).isTrue();
        assertThat(ids(Query.ALL)).isNotEmpty();
        assertThat(records.forgetBefore(T.plusSeconds(100_000))).isFalse();
        assertThat(ids(Query.ALL)).isEmpty();
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
            assertThat(none.records().find(Query.ALL, 10)).isEmpty();
            assertThat(none.records().log(1)).isEmpty();
        }
        assertThat(directory.resolve("none")).doesNotExist();
    }
}
