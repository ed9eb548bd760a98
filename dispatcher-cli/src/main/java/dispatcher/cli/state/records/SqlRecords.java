package dispatcher.cli.state.records;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Statements;
import dispatcher.cli.state.database.Transactions;
import dispatcher.cli.state.database.UnreadRows;
import dispatcher.nix.ByteString;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.RecordStore;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/// Records of builds, in tables of builds, attempts, placements and logs. Safe for any thread.
public final class SqlRecords implements RecordStore {
    /// Few, as who writes and who reads wait for it.
    private static final int DELETED_AT_ONCE = 100;

    private final Transactions database;
    private final Runnable checkpoint;
    private final BatchWriter writer = new BatchWriter();

    /// @param checkpoint has the disk take what was written, while others write
    public SqlRecords(Transactions database, Runnable checkpoint) {
        this.database = database;
        this.checkpoint = checkpoint;
    }

    @Override
    public void settle() {
        checkpoint.run();
    }

    @Override
    public long lastId() throws IOException {
        return number("SELECT COALESCE(MAX(id), 0) FROM build");
    }

    @Override
    public void interrupt(Instant now) throws IOException {
        if (number("SELECT COUNT(*) FROM build WHERE ended IS NULL") == 0) return;
        database.change(connection -> {
            long interrupted = new Labels().of(connection, RecordRows.text(Outcome.INTERRUPTED), now);
            // They stay as long as other builds that end now.
            for (var column : List.of("name", "system", "features", "client", "machine"))
                Statements.run(
                        connection,
                        "UPDATE label SET used = ? WHERE id IN (SELECT %s FROM build WHERE ended IS NULL)"
                                .formatted(column),
                        Labels.day(now));
            Statements.run(
                    connection,
                    "UPDATE build SET outcome = ?, ended = ? WHERE ended IS NULL",
                    interrupted,
                    now.toEpochMilli());
        });
    }

    private long number(String question) throws IOException {
        return database.read(0L, connection -> Long.parseLong(Rows.only(connection, question)));
    }

    @Override
    public void save(Batch batch) throws IOException {
        database.change(connection -> writer.write(connection, batch));
    }

    @Override
    public List<BuildRecord> find(Query query, Set<Long> except, int most) throws IOException {
        return database.read(
                List.of(), connection -> RecordRows.select(connection, ids(connection, query, except, most)));
    }

    /// Found in an index that has all that builds are looked for by: to go through all of it is what it costs at most.
    private static List<Long> ids(Connection connection, Query query, Set<Long> except, int most) throws SQLException {
        var filter = Filter.of(connection, query);
        if (filter.isEmpty()) return List.of();
        var ids = new ArrayList<Long>();
        try (var statement = connection.prepareStatement(filter.get().sql())) {
            Statements.set(statement, filter.get().values().toArray());
            try (var row = statement.executeQuery()) {
                while (ids.size() < most && row.next()) if (!except.contains(row.getLong(1))) ids.add(row.getLong(1));
            }
        }
        return ids;
    }

    /// A query for ids, the newest first.
    private record Filter(String sql, List<Object> values) {
        /// Empty if no build can meet it.
        static Optional<Filter> of(Connection connection, Query query) throws SQLException {
            var where = new ArrayList<String>(List.of("id < ?"));
            var values = new ArrayList<Object>(List.of(query.before()));
            var machine = query.machine();
            if (machine.isPresent() && !add(connection, "machine", machine.get(), where, values))
                return Optional.empty();
            var client = query.client();
            if (client.isPresent() && !add(connection, "client", client.get(), where, values)) return Optional.empty();
            var outcomes = new ArrayList<Object>();
            for (var outcome : query.outcome())
                Labels.find(connection, RecordRows.text(outcome)).ifPresent(outcomes::add);
            if (!query.outcome().isEmpty()) {
                if (outcomes.isEmpty()) return Optional.empty();
                where.add("outcome IN (?" + ", ?".repeat(outcomes.size() - 1) + ")");
                values.addAll(outcomes);
            }
            query.since().ifPresent(since -> {
                where.add("asked >= ?");
                values.add(since.toEpochMilli());
            });
            boolean byName = where.size() == 1;
            var name = query.name();
            if (name.isPresent()) {
                var names = names(connection, name.get());
                if (names.isEmpty()) return Optional.empty();
                byName &= names.size() == 1;
                where.add(byName ? "name = ?" : "name IN (SELECT id FROM label WHERE text >= ? AND text < ?)");
                if (byName) values.add(names.getFirst());
                else values.addAll(List.of(name.get(), name.get() + Character.MAX_VALUE));
            }
            return Optional.of(new Filter(
                    "SELECT id FROM build INDEXED BY %s WHERE %s ORDER BY id DESC"
                            .formatted(
                                    byName && name.isPresent() ? "build_by_name" : "build_by_filter",
                                    String.join(" AND ", where)),
                    values));
        }

        private static boolean add(
                Connection connection, String column, String text, List<String> where, List<Object> values)
                throws SQLException {
            OptionalLong label = Labels.find(connection, text);
            if (label.isEmpty()) return false;
            where.add(column + " = ?");
            values.add(label.getAsLong());
            return true;
        }

        /// At most two of the labels that begin so.
        private static List<Long> names(Connection connection, String beginning) throws SQLException {
            var names = new ArrayList<Long>();
            try (var statement =
                    connection.prepareStatement("SELECT id FROM label WHERE text >= ? AND text < ? LIMIT 2")) {
                Statements.set(statement, beginning, beginning + Character.MAX_VALUE);
                try (var row = statement.executeQuery()) {
                    while (row.next()) names.add(row.getLong(1));
                }
            }
            return names;
        }
    }

    @Override
    public Optional<BuildRecord> find(long id) throws IOException {
        return database.read(
                Optional.empty(),
                connection -> RecordRows.select(connection, "WHERE b.id = ?", id).stream()
                        .findFirst());
    }

    @Override
    public Map<Outcome, Long> count(Instant since) throws IOException {
        return database.read(Map.of(), connection -> {
            var counts = new EnumMap<Outcome, Long>(Outcome.class);
            try (var statement = connection.prepareStatement("""
                    SELECT l.text, c.builds FROM (SELECT outcome, COUNT(*) AS builds FROM build WHERE ended >= ?
                    GROUP BY outcome) AS c JOIN label l ON l.id = c.outcome""")) {
                statement.setLong(1, since.toEpochMilli());
                try (var row = statement.executeQuery()) {
                    while (row.next()) RecordRows.outcome(row.getString(1)).ifPresent(counted(counts, row.getLong(2)));
                }
            }
            return counts;
        });
    }

    private static Consumer<Outcome> counted(Map<Outcome, Long> counts, long count) {
        return outcome -> counts.put(outcome, count);
    }

    @Override
    public List<PlacementAccount> placements(long id) throws IOException {
        return database.read(List.of(), connection -> {
            var accounts = new ArrayList<PlacementAccount>();
            var unread = new UnreadRows("build_placement");
            try (var statement = connection.prepareStatement(
                    "SELECT account FROM build_placement WHERE build = ? ORDER BY number")) {
                statement.setLong(1, id);
                try (var row = statement.executeQuery()) {
                    while (row.next()) {
                        try {
                            accounts.add(PlacementText.parse(row.getBytes(1)));
                        } catch (IllegalArgumentException e) {
                            unread.add(Long.toString(id), e);
                        }
                    }
                }
            }
            unread.warn();
            return accounts;
        });
    }

    @Override
    public List<LogPart> log(long id, long from, int most) throws IOException {
        return database.read(List.of(), connection -> {
            var parts = new ArrayList<LogPart>();
            try (var statement = connection.prepareStatement("""
                    SELECT part, start, text FROM build_log WHERE build = ? AND part >= (SELECT COALESCE(MAX(part), 0)
                    FROM build_log WHERE build = ? AND start <= ?) ORDER BY part LIMIT ?""")) {
                Statements.set(statement, id, id, from, most);
                try (var row = statement.executeQuery()) {
                    while (row.next())
                        parts.add(new LogPart(id, row.getInt(1), row.getLong(2), ByteString.wrap(row.getBytes(3))));
                }
            }
            return parts;
        });
    }

    @Override
    public boolean forgetBefore(Instant end) throws IOException {
        var gone = new int[1];
        database.change(connection -> {
            gone[0] = Statements.run(
                    connection,
                    "DELETE FROM build WHERE id IN (SELECT id FROM build WHERE ended < ? LIMIT ?)",
                    end.toEpochMilli(),
                    DELETED_AT_ONCE);
            if (gone[0] == DELETED_AT_ONCE) return;
            gone[0] = Math.max(gone[0], forgetTotals(connection, end));
        });
        return gone[0] == DELETED_AT_ONCE;
    }

    /// With labels that no build has any more: those of builds that end later were used later.
    private static int forgetTotals(Connection connection, Instant end) throws SQLException {
        int loads = Statements.run(
                connection,
                "DELETE FROM load_hour WHERE hour IN (SELECT hour FROM load_hour WHERE hour < ? ORDER BY hour LIMIT 1)",
                Totals.hour(end));
        int packages = Statements.run(
                connection,
                "DELETE FROM package_day WHERE (day, package, system) IN (SELECT day, package, system FROM package_day"
                        + " WHERE day < ? ORDER BY day LIMIT ?)",
                Labels.day(end),
                DELETED_AT_ONCE);
        int labels = Statements.run(
                connection,
                "DELETE FROM label WHERE id IN (SELECT id FROM label WHERE used < ? LIMIT ?)",
                Labels.day(end) - 1,
                DELETED_AT_ONCE);
        return loads > 0 ? DELETED_AT_ONCE : Math.max(packages, labels);
    }
}
