package dispatcher.cli.state.records;

import static dispatcher.cli.state.database.Statements.runAll;
import static dispatcher.cli.state.database.Statements.set;

import dispatcher.cli.state.database.Lists;
import dispatcher.record.BuildRecord;
import dispatcher.record.RecordStore.Batch;
import dispatcher.record.RecordStore.Fetch;
import dispatcher.record.RecordStore.LogPart;
import dispatcher.record.RecordStore.Placed;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Writes what has changed of builds. Confined to who holds the database.
final class BatchWriter {
    private static final String PUT_ATTEMPT = """
            INSERT INTO build_attempt (build, number, machine, reason, began, lost, moved) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (build, number) DO UPDATE SET machine = excluded.machine, reason = excluded.reason,
                began = excluded.began, lost = excluded.lost, moved = excluded.moved""";
    private static final String PUT_LOG =
            "INSERT INTO build_log (build, part, start, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
    private static final String PUT_PLACEMENT =
            "INSERT INTO build_placement (build, number, account) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    private static final String ADD_FETCH = """
            UPDATE build SET fetched_paths = fetched_paths + 1, fetched_bytes = fetched_bytes + ?,
                fetch_time = fetch_time + ?, fetched_at = ? WHERE id = ?""";
    private static final String COLUMNS = "id, hash, name, system, features, client, machine, outcome, asked, ended,"
            + " message, equal_wait, slot_wait, away_wait, copied_paths, copied_bytes, copy_time, build_time,"
            + " output_bytes, peak_memory";
    private static final String PUT = "INSERT INTO build (%s) VALUES (?%s) ON CONFLICT (id) DO UPDATE SET %s"
            .formatted(
                    COLUMNS,
                    ", ?".repeat(COLUMNS.split(", ").length - 1),
                    Arrays.stream(COLUMNS.split(", "))
                            .skip(1)
                            .map(column -> column + " = excluded." + column)
                            .collect(Collectors.joining(", ")));

    private final Labels labels = new Labels();

    void write(Connection connection, Batch batch) throws SQLException {
        boolean done = false;
        try {
            addUp(connection, batch.records());
            runAll(connection, PUT, batch.records(), record -> values(connection, record));
            writeAttempts(connection, batch.records());
            runAll(connection, PUT_LOG, batch.logs(), BatchWriter::values);
            runAll(connection, PUT_PLACEMENT, batch.placements(), BatchWriter::values);
            runAll(connection, ADD_FETCH, batch.fetches(), BatchWriter::values);
            done = true;
        } finally {
            if (!done) labels.forget();
        }
    }

    /// Each build counts when it is over for the first time.
    private static void addUp(Connection connection, List<BuildRecord> records) throws SQLException {
        var totals = new Totals();
        try (var statement = connection.prepareStatement("SELECT 1 FROM build WHERE id = ? AND ended IS NOT NULL")) {
            for (var record : records) {
                if (record.ended().isEmpty()) continue;
                statement.setLong(1, record.id());
                try (var row = statement.executeQuery()) {
                    if (!row.next()) totals.add(record);
                }
            }
        }
        totals.write(connection);
    }

    private @Nullable Object[] values(Connection connection, BuildRecord record) throws SQLException {
        var at = record.ended().orElse(record.asked());
        var machine = record.machine();
        return new @Nullable Object[] {
            record.id(),
            record.drvPath().hashPart(),
            labels.of(connection, record.name(), at),
            labels.of(connection, record.system(), at),
            labels.of(connection, Lists.print(List.copyOf(record.features())), at),
            labels.of(connection, record.client(), at),
            machine.isEmpty() ? null : labels.of(connection, machine.get(), at),
            labels.of(connection, RecordRows.text(record.outcome()), at),
            record.asked().toEpochMilli(),
            record.ended().map(Instant::toEpochMilli).orElse(null),
            record.message(),
            record.waits().forEqualBuild().toMillis(),
            record.waits().forSlot().toMillis(),
            record.waits().forAwayMachine().toMillis(),
            record.copied().paths(),
            record.copied().bytes(),
            record.copied().took().toMillis(),
            record.built().toMillis(),
            record.outputBytes(),
            record.peakMemory()
        };
    }

    private void writeAttempts(Connection connection, List<BuildRecord> records) throws SQLException {
        try (var statement = connection.prepareStatement(PUT_ATTEMPT)) {
            boolean any = false;
            for (var record : records) {
                int number = 0;
                for (var attempt : record.attempts()) {
                    set(
                            statement,
                            record.id(),
                            number++,
                            labels.of(
                                    connection,
                                    attempt.machine(),
                                    record.ended().orElse(attempt.began())),
                            attempt.reason(),
                            attempt.began().toEpochMilli(),
                            attempt.lost().orElse(null),
                            attempt.moved().orElse(null));
                    statement.addBatch();
                    any = true;
                }
            }
            if (any) statement.executeBatch();
        }
    }

    private static @Nullable Object[] values(LogPart part) {
        return new @Nullable Object[] {
            part.build(), part.part(), part.start(), part.compressed().toByteArray()
        };
    }

    private static @Nullable Object[] values(Placed placed) {
        return new @Nullable Object[] {placed.build(), placed.number(), PlacementText.print(placed.account())};
    }

    private static @Nullable Object[] values(Fetch fetch) {
        return new @Nullable Object[] {
            fetch.bytes(), fetch.took().toMillis(), fetch.at().toEpochMilli(), fetch.build()
        };
    }
}
