package dispatcher.cli.state.records;

import dispatcher.cli.state.database.Lists;
import dispatcher.cli.state.database.Statements;
import dispatcher.cli.state.database.UnreadRows;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Copied;
import dispatcher.record.BuildRecord.Fetched;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecord.Waits;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Rows of builds as records.
final class RecordRows {
    private static final String DERIVATION = ".drv";
    private static final String SELECT = """
            SELECT b.*, n.text AS name_text, s.text AS system_text, f.text AS features_text, c.text AS client_text,
                o.text AS outcome_text
            FROM build b JOIN label n ON n.id = b.name JOIN label s ON s.id = b.system
                JOIN label f ON f.id = b.features JOIN label c ON c.id = b.client JOIN label o ON o.id = b.outcome
            """;

    /// Whose attempts are asked for in one query.
    private static final int AT_ONCE = 200;

    private RecordRows() {}

    /// These, in the order of their ids, the greatest first.
    static List<BuildRecord> select(Connection connection, List<Long> ids) throws SQLException {
        var records = new ArrayList<BuildRecord>();
        for (int from = 0; from < ids.size(); from += AT_ONCE) {
            var some = ids.subList(from, Math.min(ids.size(), from + AT_ONCE));
            records.addAll(select(
                    connection, "WHERE b.id IN (%s) ORDER BY b.id DESC".formatted(holes(some.size())), some.toArray()));
        }
        return records;
    }

    private static String holes(int count) {
        return "?" + ", ?".repeat(count - 1);
    }

    /// @param rest of the query, such as `WHERE b.id = ?`
    static List<BuildRecord> select(Connection connection, String rest, @Nullable Object... values)
            throws SQLException {
        var records = new ArrayList<BuildRecord>();
        var unread = new UnreadRows("build");
        try (var statement = connection.prepareStatement(SELECT + rest)) {
            Statements.set(statement, values);
            try (var row = statement.executeQuery()) {
                while (row.next()) {
                    try {
                        records.add(record(row));
                    } catch (IllegalArgumentException | NixSyntaxException e) {
                        unread.add(row.getString("id"), e);
                    }
                }
            }
        }
        unread.warn();
        return withAttempts(connection, records);
    }

    private static List<BuildRecord> withAttempts(Connection connection, List<BuildRecord> records)
            throws SQLException {
        var attempts = new HashMap<Long, List<Attempt>>();
        for (int from = 0; from < records.size(); from += AT_ONCE) {
            var some = records.subList(from, Math.min(records.size(), from + AT_ONCE));
            try (var statement = connection.prepareStatement("""
            SELECT a.build, l.text AS machine, a.reason, a.began, a.lost, a.moved
            FROM build_attempt a JOIN label l ON l.id = a.machine WHERE a.build IN (%s) ORDER BY a.build, a.number""".formatted(holes(some.size())))) {
                Statements.set(statement, some.stream().map(BuildRecord::id).toArray());
                try (var row = statement.executeQuery()) {
                    while (row.next())
                        attempts.computeIfAbsent(row.getLong(1), _ -> new ArrayList<>())
                                .add(attempt(row));
                }
            }
        }
        return records.stream()
                .map(record -> record.withAttempts(attempts.getOrDefault(record.id(), List.of())))
                .toList();
    }

    private static Attempt attempt(ResultSet row) throws SQLException {
        return new Attempt(
                row.getString(2),
                row.getString(3),
                Instant.ofEpochMilli(row.getLong(4)),
                Optional.ofNullable(row.getString(5)),
                Optional.ofNullable(row.getString(6)));
    }

    private static BuildRecord record(ResultSet row) throws SQLException {
        return new BuildRecord(
                row.getLong("id"),
                row.getString("client_text"),
                StorePath.of(row.getString("hash"), row.getString("name_text") + DERIVATION),
                row.getString("system_text"),
                new TreeSet<>(Lists.texts(row.getString("features_text"))),
                Instant.ofEpochMilli(row.getLong("asked")),
                instant(row, "ended"),
                Outcome.valueOf(row.getString("outcome_text").toUpperCase(Locale.ROOT)),
                row.getString("message"),
                new Waits(millis(row, "equal_wait"), millis(row, "slot_wait"), millis(row, "away_wait")),
                List.of(),
                new Copied(row.getInt("copied_paths"), row.getLong("copied_bytes"), millis(row, "copy_time")),
                new Fetched(
                        row.getInt("fetched_paths"),
                        row.getLong("fetched_bytes"),
                        millis(row, "fetch_time"),
                        instant(row, "fetched_at")),
                millis(row, "build_time"),
                row.getLong("output_bytes"),
                row.getLong("peak_memory"));
    }

    private static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
        long millis = row.getLong(column);
        return row.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    }

    static Duration millis(ResultSet row, String column) throws SQLException {
        return Duration.ofMillis(row.getLong(column));
    }

    static String text(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT);
    }

    /// Empty for one that this program does not know.
    static Optional<Outcome> outcome(String text) {
        return Arrays.stream(Outcome.values())
                .filter(outcome -> text(outcome).equals(text))
                .findFirst();
    }
}
