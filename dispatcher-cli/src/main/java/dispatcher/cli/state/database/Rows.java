package dispatcher.cli.state.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;

/// The rows that a query finds.
public final class Rows {
    private Rows() {}

    /// Looks at one row, by the methods of [ResultSet] that read columns.
    @FunctionalInterface
    public interface Reader {
        void accept(ResultSet row) throws SQLException;
    }

    /// Hands out each row, in the order of the query; none of them is kept.
    public static void each(Connection database, String query, Reader reader) throws SQLException {
        try (var statement = database.createStatement();
                var rows = statement.executeQuery(query)) {
            while (rows.next()) reader.accept(rows);
        }
    }

    /// The first column of the only row.
    public static String only(Connection database, String query) throws SQLException {
        try (var statement = database.createStatement();
                var rows = statement.executeQuery(query)) {
            if (!rows.next()) throw new SQLException("no answer to " + query);
            return rows.getString(1);
        }
    }
}
