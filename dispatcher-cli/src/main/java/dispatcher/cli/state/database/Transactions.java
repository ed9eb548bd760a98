package dispatcher.cli.state.database;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import org.jdbi.v3.core.HandleConsumer;

/// How tables are read and changed. Safe for any thread.
///
/// They are read by JDBC alone, since a start does little else with them: to load Jdbi took 0.35 s of processor time,
/// most of it for an event that Jdbi registers with the JVM's flight recorder (Jdbi 3.55).
public interface Transactions {
    /// Asks something; `ifNone` if there is no database and none is to be made. Where the database cannot be
    /// opened for writing, as with a full disk, it is read all the same.
    <T> T read(T ifNone, Question<T> question) throws IOException;

    /// Changes something, as a whole or not at all.
    void write(HandleConsumer<RuntimeException> change) throws IOException;

    /// The same without Jdbi, for what is written while builds go on.
    void change(Change change) throws IOException;

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
