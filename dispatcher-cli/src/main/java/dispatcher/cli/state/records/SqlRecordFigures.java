package dispatcher.cli.state.records;

import static dispatcher.cli.state.records.RecordRows.millis;

import dispatcher.cli.state.database.Lists;
import dispatcher.cli.state.database.Transactions;
import dispatcher.record.BuildRecord;
import dispatcher.record.RecordFigures;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// Figures from records of builds. Safe for any thread.
public record SqlRecordFigures(Transactions database) implements RecordFigures {
    private static final String LOAD = """
            SELECT system, features, SUM(builds) AS builds, SUM(failed) AS failed, SUM(refused) AS refused,
                SUM(equal_wait) AS equal_wait, SUM(slot_wait) AS slot_wait, SUM(away_wait) AS away_wait,
                SUM(copy_time) AS copy_time, SUM(build_time) AS build_time, MAX(longest_wait) AS longest_wait
            FROM load_hour WHERE hour >= ? GROUP BY system, features
            ORDER BY SUM(slot_wait) + SUM(away_wait) DESC, system, features LIMIT 1000""";

    @Override
    public List<BuildRecord> between(Instant from, Instant to, int most) throws IOException {
        return database.read(
                List.of(),
                connection -> RecordRows.select(
                        connection,
                        "WHERE b.ended >= ? AND b.asked < ? AND b.machine IS NOT NULL ORDER BY b.ended DESC LIMIT ?",
                        from.toEpochMilli(),
                        to.toEpochMilli(),
                        most));
    }

    @Override
    public List<Load> load(Instant from) throws IOException {
        return database.read(List.of(), connection -> {
            var loads = new ArrayList<Load>();
            try (var statement = connection.prepareStatement(LOAD)) {
                statement.setLong(1, Totals.hour(from));
                try (var row = statement.executeQuery()) {
                    while (row.next()) loads.add(load(row));
                }
            }
            return loads;
        });
    }

    private static Load load(ResultSet row) throws SQLException {
        return new Load(
                row.getString("system"),
                new TreeSet<>(Lists.texts(row.getString("features"))),
                row.getLong("builds"),
                row.getLong("failed"),
                row.getLong("refused"),
                millis(row, "equal_wait"),
                millis(row, "slot_wait"),
                millis(row, "away_wait"),
                millis(row, "copy_time"),
                millis(row, "build_time"),
                millis(row, "longest_wait"));
    }

    @Override
    public List<PackageCost> packages(Instant from, Cost by, int most) throws IOException {
        return database.read(List.of(), connection -> {
            var costs = new ArrayList<PackageCost>();
            try (var statement = connection.prepareStatement("""
            SELECT package, system, SUM(builds) AS builds, SUM(failed) AS failed, SUM(build_time) AS build_time,
                SUM(copy_time) AS copy_time, SUM(copied_bytes) AS copied_bytes, SUM(output_bytes) AS output_bytes,
                MAX(peak_memory) AS peak_memory
            FROM package_day WHERE +day >= ? GROUP BY package, system ORDER BY %s DESC, package, system LIMIT ?""".formatted(column(by)))) {
                statement.setLong(1, Labels.day(from));
                statement.setInt(2, most);
                try (var row = statement.executeQuery()) {
                    while (row.next()) costs.add(cost(row));
                }
            }
            return costs;
        });
    }

    private static String column(Cost by) {
        return switch (by) {
            case TIME -> "SUM(build_time)";
            case COPIED -> "SUM(copied_bytes)";
            case OUTPUT -> "SUM(output_bytes)";
            case MEMORY -> "MAX(peak_memory)";
        };
    }

    private static PackageCost cost(ResultSet row) throws SQLException {
        return new PackageCost(
                row.getString("package"),
                row.getString("system"),
                row.getLong("builds"),
                row.getLong("failed"),
                millis(row, "build_time"),
                millis(row, "copy_time"),
                row.getLong("copied_bytes"),
                row.getLong("output_bytes"),
                row.getLong("peak_memory"));
    }
}
