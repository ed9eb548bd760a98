package dispatcher.cli.state.records;

import dispatcher.cli.state.database.Lists;
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
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
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
    private static final String ATTEMPTS = """
            SELECT l.text AS machine, a.reason, a.began, a.lost FROM build_attempt a JOIN label l ON l.id = a.machine
            WHERE a.build = ? ORDER BY a.number""";

    private RecordRows() {}

    /// @param rest of the query, such as `WHERE b.id = ?`
    static List<BuildRecord> select(Connection connection, String rest, @Nullable Object... values)
            throws SQLException {
        var records = new ArrayList<BuildRecord>();
        var unread = new UnreadRows("build");
        try (var attempts = connection.prepareStatement(ATTEMPTS);
                var statement = connection.prepareStatement(SELECT + rest)) {
            set(statement, values);
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

    /// These, in this order.
    static List<BuildRecord> select(Connection connection, List<Long> ids) throws SQLException {
        var records = new ArrayList<BuildRecord>();
        for (var id : ids) records.addAll(select(connection, "WHERE b.id = ?", id));
        return records;
    }

    static void set(PreparedStatement statement, @Nullable Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) statement.setObject(i + 1, values[i]);
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
                attempts,
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
