package dispatcher.cli.state.records;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/// The table of texts that many builds have in common. Confined to who holds the database.
final class Labels {
    private static final int MOST_KNOWN = 20_000;
    private static final long DAY_MILLIS = 86_400_000;

    /// Those that were used last.
    private final Map<String, Known> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
            return size() > MOST_KNOWN;
        }
    };

    /// @param used day of its last use, as it is written down
    private record Known(long id, long used) {}

    static long day(Instant at) {
        return Math.floorDiv(at.toEpochMilli(), DAY_MILLIS);
    }

    /// To be called when a transaction failed that may have made some.
    void forget() {
        known.clear();
    }

    /// Of a text that a build has which goes on, or ends, at that time; made if there is none.
    long of(Connection connection, String text, Instant at) throws SQLException {
        long day = day(at);
        var there = known.get(text);
        if (there == null) there = load(connection, text, day);
        if (there.used < day) {
            try (var statement = connection.prepareStatement("UPDATE label SET used = ? WHERE id = ?")) {
                statement.setLong(1, day);
                statement.setLong(2, there.id);
                statement.executeUpdate();
            }
            there = new Known(there.id, day);
        }
        known.put(text, there);
        return there.id;
    }

    private static Known load(Connection connection, String text, long day) throws SQLException {
        try (var statement = connection.prepareStatement("SELECT id, used FROM label WHERE text = ?")) {
            statement.setString(1, text);
            try (var row = statement.executeQuery()) {
                if (row.next()) return new Known(row.getLong(1), row.getLong(2));
            }
        }
        try (var last = connection.prepareStatement("SELECT COALESCE(MAX(id), 0) FROM label");
                var row = last.executeQuery();
                var insert = connection.prepareStatement("INSERT INTO label (id, text, used) VALUES (?, ?, ?)")) {
            if (!row.next()) throw new SQLException("no answer");
            long id = row.getLong(1) + 1;
            insert.setLong(1, id);
            insert.setString(2, text);
            insert.setLong(3, day);
            insert.executeUpdate();
            return new Known(id, day);
        }
    }

    /// Empty if no build has it.
    static OptionalLong find(Connection connection, String text) throws SQLException {
        try (var statement = connection.prepareStatement("SELECT id FROM label WHERE text = ?")) {
            statement.setString(1, text);
            try (var row = statement.executeQuery()) {
                return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
            }
        }
    }
}
