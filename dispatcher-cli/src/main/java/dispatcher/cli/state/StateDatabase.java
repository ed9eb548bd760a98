package dispatcher.cli.state;

import dispatcher.cli.state.database.Database;
import dispatcher.cli.state.database.Schema;
import dispatcher.cli.state.database.Transactions;
import dispatcher.history.HistoryStore;
import dispatcher.machine.registry.DescriptionStore;
import dispatcher.store.LocationStore;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;

/// The database of a state directory, `state.sqlite`: what outlives a restart, but records of builds. Files of earlier
/// versions are taken over, see [OldFiles].
///
/// Safe for any thread, and as [Database].
public final class StateDatabase implements AutoCloseable {
    private static final Database.Kind KIND = new Database.Kind(
            "state.sqlite",
            true,
            new Database.OldState() {
                @Override
                public boolean existIn(Path directory) {
                    return OldFiles.existIn(directory);
                }

                @Override
                public void takeOver(Path directory, Connection connection) throws SQLException {
                    OldFiles.takeOver(directory, connection);
                }
            },
            "what builds took and where paths are is forgotten, and no machine is drained");

    private final Database database;

    private StateDatabase(Database database) {
        this.database = database;
    }

    /// For the dispatcher that has this state directory: makes the database if there is none.
    public static StateDatabase in(Path directory) {
        return in(directory, Schema.CURRENT);
    }

    static StateDatabase in(Path directory, Schema schema) {
        return new StateDatabase(Database.in(KIND, directory, schema));
    }

    /// For commands where no dispatcher runs: where there is no state, it is empty, and nothing is written.
    public static StateDatabase existingIn(Path directory) {
        return new StateDatabase(Database.existingIn(KIND, directory, Schema.CURRENT));
    }

    public HistoryStore history() {
        return new SqlHistory(database);
    }

    public LocationStore locations() {
        return new SqlLocations(database);
    }

    public DescriptionStore descriptions() {
        return new SqlDescriptions(database);
    }

    public DrainStore drains() {
        return new SqlDrains(database);
    }

    /// Sees to it that the disk has all that was written. For the thread that saves.
    public void checkpoint() {
        database.checkpoint();
    }

    /// For tests.
    void change(Transactions.Change change) throws IOException {
        database.change(change);
    }

    /// What is written after that opens it again.
    @Override
    public void close() {
        database.close();
    }
}
