package dispatcher.cli.state.records;

import dispatcher.cli.state.database.Lists;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Outcome;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Adds builds that have ended to what their hour, and their package's day, came to. Used once.
final class Totals {
    private static final String ADD_LOAD = """
            INSERT INTO load_hour (hour, system, features, builds, failed, refused, equal_wait, slot_wait, away_wait,
                copy_time, build_time, longest_wait) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (hour, system, features) DO UPDATE SET builds = load_hour.builds + excluded.builds,
                failed = load_hour.failed + excluded.failed, refused = load_hour.refused + excluded.refused,
                equal_wait = load_hour.equal_wait + excluded.equal_wait,
                slot_wait = load_hour.slot_wait + excluded.slot_wait,
                away_wait = load_hour.away_wait + excluded.away_wait,
                copy_time = load_hour.copy_time + excluded.copy_time,
                build_time = load_hour.build_time + excluded.build_time,
                longest_wait = MAX(load_hour.longest_wait, excluded.longest_wait)""";
    private static final String ADD_PACKAGE = """
            INSERT INTO package_day (day, package, system, builds, failed, build_time, copy_time, copied_bytes,
                output_bytes, peak_memory) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (package, system, day) DO UPDATE SET builds = package_day.builds + excluded.builds,
                failed = package_day.failed + excluded.failed,
                build_time = package_day.build_time + excluded.build_time,
                copy_time = package_day.copy_time + excluded.copy_time,
                copied_bytes = package_day.copied_bytes + excluded.copied_bytes,
                output_bytes = package_day.output_bytes + excluded.output_bytes,
                peak_memory = MAX(package_day.peak_memory, excluded.peak_memory)""";
    private static final int LONGEST_WAIT = 8;
    private static final int PEAK_MEMORY = 6;

    private final Map<List<Object>, long[]> loads = new HashMap<>();
    private final Map<List<Object>, long[]> packages = new HashMap<>();

    static long hour(Instant at) {
        return Math.floorDiv(at.getEpochSecond(), Duration.ofHours(1).toSeconds());
    }

    /// Does nothing for a build that goes on, or that no machine was to do: an equal one counts already.
    void add(BuildRecord record) {
        if (record.ended().isEmpty() || record.isShared() || !counts(record.outcome())) return;
        var ended = record.ended().get();
        long failed = record.outcome() == Outcome.FAILED ? 1 : 0;
        var waits = record.waits();
        long slot = waits.forSlot().toMillis();
        long away = waits.forAwayMachine().toMillis();
        long copying = record.copied().took().toMillis();
        var kind = List.<Object>of(hour(ended), record.system(), Lists.print(List.copyOf(record.features())));
        merge(
                loads,
                kind,
                LONGEST_WAIT,
                1,
                failed,
                record.outcome() == Outcome.REFUSED ? 1 : 0,
                waits.forEqualBuild().toMillis(),
                slot,
                away,
                copying,
                record.built().toMillis(),
                slot + away);
        if (record.outcome() == Outcome.REFUSED) return;
        merge(
                packages,
                List.of(Labels.day(ended), record.packageName(), record.system()),
                PEAK_MEMORY,
                1,
                failed,
                record.built().toMillis(),
                copying,
                record.copied().bytes(),
                record.outputBytes(),
                record.peakMemory());
    }

    private static boolean counts(Outcome outcome) {
        return switch (outcome) {
            case BUILT, FAILED, REFUSED -> true;
            case WAITING, RUNNING, CANCELLED, SHARED, FOUND, ABANDONED, INTERRUPTED -> false;
        };
    }

    /// @param most place of the only value of which the largest counts, not the sum
    private static void merge(Map<List<Object>, long[]> totals, List<Object> key, int most, long... values) {
        var sum = totals.putIfAbsent(key, values);
        if (sum == null) return;
        for (int i = 0; i < sum.length; i++) sum[i] = i == most ? Math.max(sum[i], values[i]) : sum[i] + values[i];
    }

    void write(Connection connection) throws SQLException {
        write(connection, ADD_LOAD, loads);
        write(connection, ADD_PACKAGE, packages);
    }

    private static void write(Connection connection, String sql, Map<List<Object>, long[]> totals) throws SQLException {
        if (totals.isEmpty()) return;
        try (var statement = connection.prepareStatement(sql)) {
            for (var total : totals.entrySet()) {
                int column = 1;
                for (var part : total.getKey()) statement.setObject(column++, part);
                for (long value : total.getValue()) statement.setLong(column++, value);
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }
}
