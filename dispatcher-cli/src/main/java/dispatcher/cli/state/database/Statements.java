package dispatcher.cli.state.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Statements that change tables.
public final class Statements {
    /// How many rows go to the database at once; they are in memory a second time meanwhile.
    private static final int BATCH = 1_000;

    private Statements() {}

    /// The values of a statement's placeholders for one piece.
    @FunctionalInterface
    public interface Filler<T> {
        @Nullable
        Object[] values(T piece) throws SQLException;
    }

    /// Carries out one statement.
    ///
    /// @return rows that it has changed
    public static int run(Connection connection, String sql, @Nullable Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            set(statement, values);
            return statement.executeUpdate();
        }
    }

    /// Carries out the same statement for each piece.
    public static <T> void runAll(Connection connection, String sql, Iterable<T> pieces, Filler<T> filler)
            throws SQLException {
        var all = pieces.iterator();
        if (!all.hasNext()) return;
        try (var statement = connection.prepareStatement(sql)) {
            while (all.hasNext()) {
                for (int i = 0; i < BATCH && all.hasNext(); i++) {
                    set(statement, filler.values(all.next()));
                    statement.addBatch();
                }
                statement.executeBatch();
            }
        }
    }

    /// Fills the placeholders, from the first on.
    public static void set(PreparedStatement statement, @Nullable Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) statement.setObject(i + 1, values[i]);
    }
}
