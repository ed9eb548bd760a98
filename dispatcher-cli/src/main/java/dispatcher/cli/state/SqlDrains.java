package dispatcher.cli.state;

import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Statements;
import dispatcher.cli.state.database.Transactions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Drained machines, in their table.
record SqlDrains(Transactions database) implements DrainStore {
    @Override
    public SortedMap<String, Drain> load() throws IOException {
        return database.read(Collections.emptySortedMap(), connection -> {
            var drained = new TreeMap<String, Drain>();
            Rows.each(
                    connection,
                    "SELECT name, since, drained_by, note FROM drained_machine",
                    row -> drained.put(row.getString("name"), drain(row)));
            return drained;
        });
    }

    private static Drain drain(ResultSet row) throws SQLException {
        long since = row.getLong("since");
        return new Drain(
                row.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochSecond(since)),
                Optional.ofNullable(row.getString("drained_by")),
                Optional.ofNullable(row.getString("note")));
    }

    @Override
    public void save(SortedMap<String, Drain> drained) throws IOException {
        database.change(connection -> {
            Statements.run(connection, "DELETE FROM drained_machine");
            insert(connection, drained);
        });
    }

    /// Adds those that are not there yet.
    static void insert(Connection connection, SortedMap<String, Drain> drained) throws SQLException {
        Statements.runAll(
                connection,
                "INSERT INTO drained_machine (name, since, drained_by, note) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                drained.entrySet(),
                entry -> values(entry.getKey(), entry.getValue()));
    }

    private static @Nullable Object[] values(String name, Drain drain) {
        return new @Nullable Object[] {
            name,
            drain.since().map(Instant::getEpochSecond).orElse(null),
            drain.by().orElse(null),
            drain.note().orElse(null)
        };
    }
}
