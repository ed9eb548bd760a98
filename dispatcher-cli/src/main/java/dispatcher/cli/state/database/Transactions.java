package dispatcher.cli.state.database;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;

/// How tables are read and changed, by plain JDBC. Safe for any thread.
public interface Transactions {
    /// Asks something; `ifNone` if there is no database and none is to be made. Where the database cannot be
    /// opened for writing, as with a full disk, it is read all the same.
    <T> T read(T ifNone, Question<T> question) throws IOException;

    /// Changes something, as a whole or not at all.
    void change(Change change) throws IOException;

    /// The same over a connection that nobody else uses.
    static void of(Connection connection, Change change) throws SQLException {
        connection.setAutoCommit(false);
        try {
            change.make(connection);
            connection.commit();
        } catch (SQLException | RuntimeException e) {
            rollBack(connection, e);
            throw e;
        }
        connection.setAutoCommit(true);
    }

    /// After some faults, such as a full disk, the database has done so itself and refuses to do it again.
    private static void rollBack(Connection connection, Exception why) {
        try {
            connection.rollback();
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            why.addSuppressed(e);
        }
    }

    /// Changes tables.
    @FunctionalInterface
    interface Change {
        void make(Connection database) throws SQLException;
    }

    /// Reads from tables.
    @FunctionalInterface
    interface Question<T> {
        T ask(Connection database) throws SQLException;
    }
}
