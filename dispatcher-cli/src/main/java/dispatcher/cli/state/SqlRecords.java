package dispatcher.cli.state;

import dispatcher.cli.state.database.Lists;
import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Transactions;
import dispatcher.cli.state.database.UnreadRows;
import dispatcher.nix.ByteString;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Copied;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecord.Waits;
import dispatcher.record.RecordStore;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Records of builds, in a table of builds, one of their attempts and one of their logs.
record SqlRecords(Transactions database) implements RecordStore {
    private static final int DELETED_AT_ONCE = 500;
    private static final String PUT_ATTEMPT = """
            INSERT INTO build_attempt (build, number, machine, reason, began, lost) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (build, number) DO UPDATE SET machine = excluded.machine, reason = excluded.reason,
                began = excluded.began, lost = excluded.lost""";
    private static final String PUT_LOG =
            "INSERT INTO build_log (build, part, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    private static final String COLUMNS = "id, drv, name, system, features, client, machine, asked, ended, outcome,"
            + " message, equal_wait, machine_wait, copied_paths, copied_bytes, copy_time, build_time, output_bytes,"
            + " peak_memory";
    private static final String PUT = "INSERT INTO build (%s) VALUES (?%s) ON CONFLICT (id) DO UPDATE SET %s"
            .formatted(
                    COLUMNS,
                    ", ?".repeat(COLUMNS.split(", ").length - 1),
                    Arrays.stream(COLUMNS.split(", "))
                            .skip(1)
                            .map(column -> column + " = excluded." + column)
                            .collect(Collectors.joining(", ")));

    @Override
    public long lastId() throws IOException {
        return number("SELECT COALESCE(MAX(id), 0) FROM build");
    }

    @Override
    public void interrupt(Instant now) throws IOException {
        if (number("SELECT COUNT(*) FROM build WHERE ended IS NULL") == 0) return;
        database.change(connection -> run(
                connection,
                "UPDATE build SET outcome = ?, ended = ? WHERE ended IS NULL",
                text(Outcome.INTERRUPTED),
                now.toEpochMilli()));
    }

    private long number(String question) throws IOException {
        return database.read(0L, connection -> Long.parseLong(Rows.only(connection, question)));
    }

    /// @return rows that it has changed
    private static int run(Connection connection, String sql, Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            set(statement, values);
            return statement.executeUpdate();
        }
    }

    private static void set(PreparedStatement statement, @Nullable Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) statement.setObject(i + 1, values[i]);
    }

    @Override
    public void save(Collection<BuildRecord> records, Collection<LogPart> logs) throws IOException {
        database.change(connection -> {
            write(connection, records);
            writeAttempts(connection, records);
            writeLogs(connection, logs);
        });
    }

    private static void write(Connection connection, Collection<BuildRecord> records) throws SQLException {
        try (var statement = connection.prepareStatement(PUT)) {
            for (var record : records) {
                set(
                        statement,
                        record.id(),
                        record.drvPath().baseName(),
                        record.name(),
                        record.system(),
                        Lists.print(List.copyOf(record.features())),
                        record.client(),
                        record.machine().orElse(null),
                        record.asked().toEpochMilli(),
                        record.ended().map(Instant::toEpochMilli).orElse(null),
                        text(record.outcome()),
                        record.message(),
                        record.waits().forEqualBuild().toMillis(),
                        record.waits().forMachine().toMillis(),
                        record.copied().paths(),
                        record.copied().bytes(),
                        record.copied().took().toMillis(),
                        record.built().toMillis(),
                        record.outputBytes(),
                        record.peakMemory());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static void writeAttempts(Connection connection, Collection<BuildRecord> records) throws SQLException {
        try (var statement = connection.prepareStatement(PUT_ATTEMPT)) {
            for (var record : records) {
                int number = 0;
                for (var attempt : record.attempts()) {
                    set(
                            statement,
                            record.id(),
                            number++,
                            attempt.machine(),
                            attempt.reason(),
                            attempt.began().toEpochMilli(),
                            attempt.lost().orElse(null));
                    statement.addBatch();
                }
            }
            statement.executeBatch();
        }
    }

    private static void writeLogs(Connection connection, Collection<LogPart> logs) throws SQLException {
        try (var statement = connection.prepareStatement(PUT_LOG)) {
            for (var part : logs) {
                set(statement, part.build(), part.part(), part.compressed().toByteArray());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    @Override
    public List<BuildRecord> find(Query query, int most) throws IOException {
        return database.read(List.of(), connection -> find(connection, query, most));
    }

    private static List<BuildRecord> find(Connection connection, Query query, int most) throws SQLException {
        var where = new ArrayList<String>(List.of("id < ?"));
        var values = new ArrayList<Object>(List.of(query.before()));
        query.name().ifPresent(name -> {
            where.add("name >= ? AND name < ?");
            values.add(name);
            values.add(name + Character.MAX_VALUE);
        });
        query.machine().ifPresent(machine -> {
            where.add("machine = ?");
            values.add(machine);
        });
        query.client().ifPresent(client -> {
            where.add("client = ?");
            values.add(client);
        });
        if (!query.outcome().isEmpty()) {
            where.add("outcome IN (?" + ", ?".repeat(query.outcome().size() - 1) + ")");
            query.outcome().forEach(outcome -> values.add(text(outcome)));
        }
        query.since().ifPresent(since -> {
            where.add("asked >= ?");
            values.add(since.toEpochMilli());
        });
        values.add(most);
        var sql = "SELECT %s FROM build WHERE %s ORDER BY id DESC LIMIT ?"
                .formatted(COLUMNS, String.join(" AND ", where));
        return records(connection, sql, values);
    }

    @Override
    public Optional<BuildRecord> find(long id) throws IOException {
        return database.read(
                Optional.empty(),
                connection ->
                        records(connection, "SELECT %s FROM build WHERE id = ?".formatted(COLUMNS), List.of(id))
                                .stream()
                                .findFirst());
    }

    private static List<BuildRecord> records(Connection connection, String sql, List<Object> values)
            throws SQLException {
        var records = new ArrayList<BuildRecord>();
        var unread = new UnreadRows("build");
        try (var attempts = connection.prepareStatement(
                        "SELECT machine, reason, began, lost FROM build_attempt WHERE build = ? ORDER BY number");
                var statement = connection.prepareStatement(sql)) {
            set(statement, values.toArray());
            try (var row = statement.executeQuery()) {
                while (row.next()) {
                    attempts.setLong(1, row.getLong("id"));
                    try (var rows = attempts.executeQuery()) {
                        records.add(record(row, attempts(rows)));
                    } catch (IllegalArgumentException | NixSyntaxException e) {
                        unread.add(row.getString("id"), e);
                    }
                }
            }
        }
        unread.warn();
        return records;
    }

    private static List<Attempt> attempts(ResultSet row) throws SQLException {
        var attempts = new ArrayList<Attempt>();
        while (row.next())
            attempts.add(new Attempt(
                    row.getString("machine"),
                    row.getString("reason"),
                    Instant.ofEpochMilli(row.getLong("began")),
                    Optional.ofNullable(row.getString("lost"))));
        return attempts;
    }

    private static BuildRecord record(ResultSet row, List<Attempt> attempts) throws SQLException {
        var ended = Optional.of(row.getLong("ended"));
        if (row.wasNull()) ended = Optional.empty();
        return new BuildRecord(
                row.getLong("id"),
                row.getString("client"),
                StorePath.parse(row.getString("drv")),
                row.getString("system"),
                new TreeSet<>(Lists.texts(row.getString("features"))),
                Instant.ofEpochMilli(row.getLong("asked")),
                ended.map(Instant::ofEpochMilli),
                Outcome.valueOf(row.getString("outcome").toUpperCase(Locale.ROOT)),
                row.getString("message"),
                new Waits(millis(row, "equal_wait"), millis(row, "machine_wait")),
                attempts,
                new Copied(row.getInt("copied_paths"), row.getLong("copied_bytes"), millis(row, "copy_time")),
                millis(row, "build_time"),
                row.getLong("output_bytes"),
                row.getLong("peak_memory"));
    }

    private static Duration millis(ResultSet row, String column) throws SQLException {
        return Duration.ofMillis(row.getLong(column));
    }

    private static String text(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public Map<Outcome, Long> count(Instant since) throws IOException {
        return database.read(Map.of(), connection -> {
            var counts = new EnumMap<Outcome, Long>(Outcome.class);
            try (var statement = connection.prepareStatement(
                    "SELECT outcome, COUNT(*) FROM build WHERE ended >= ? GROUP BY outcome")) {
                statement.setLong(1, since.toEpochMilli());
                try (var row = statement.executeQuery()) {
                    while (row.next()) outcome(row.getString(1)).ifPresent(counted(counts, row.getLong(2)));
                }
            }
            return counts;
        });
    }

    private static Consumer<Outcome> counted(Map<Outcome, Long> counts, long count) {
        return outcome -> counts.put(outcome, count);
    }

    /// Empty for one that this program does not know.
    private static Optional<Outcome> outcome(String text) {
        return Arrays.stream(Outcome.values())
                .filter(outcome -> text(outcome).equals(text))
                .findFirst();
    }

    @Override
    public List<LogPart> log(long id) throws IOException {
        return database.read(List.of(), connection -> {
            var parts = new ArrayList<LogPart>();
            try (var statement =
                    connection.prepareStatement("SELECT part, text FROM build_log WHERE build = ? ORDER BY part")) {
                statement.setLong(1, id);
                try (var row = statement.executeQuery()) {
                    while (row.next()) parts.add(new LogPart(id, row.getInt(1), ByteString.wrap(row.getBytes(2))));
                }
            }
            return parts;
        });
    }

    @Override
    public boolean forgetBefore(Instant end) throws IOException {
        var gone = new int[1];
        database.change(connection -> gone[0] = run(
                connection,
                "DELETE FROM build WHERE id IN (SELECT id FROM build WHERE ended < ? LIMIT ?)",
                end.toEpochMilli(),
                DELETED_AT_ONCE));
        return gone[0] == DELETED_AT_ONCE;
    }
}
