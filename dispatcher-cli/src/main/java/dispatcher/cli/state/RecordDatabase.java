package dispatcher.cli.state;

import dispatcher.cli.state.database.Database;
import dispatcher.cli.state.database.Schema;
import dispatcher.cli.state.records.SqlRecordFigures;
import dispatcher.cli.state.records.SqlRecords;
import dispatcher.record.RecordFigures;
import dispatcher.record.RecordStore;
import java.nio.file.Path;

/// The database of records of builds, `records.sqlite` in a state directory. A file of its own, as it is much larger
/// than what a start must read.
///
/// Safe for any thread, and as [Database].
public final class RecordDatabase implements AutoCloseable {
    private static final Database.Kind KIND = new Database.Kind(
            "records.sqlite", false, Database.OldState.NONE, "no earlier build is on record any more");

    private final Database database;
    private final SqlRecords records;

    private RecordDatabase(Database database) {
        this.database = database;
        this.records = new SqlRecords(database, database::checkpoint);
    }

    /// For the dispatcher that has this state directory: makes the database if there is none.
    public static RecordDatabase in(Path directory) {
        return new RecordDatabase(Database.in(KIND, directory, Schema.RECORDS));
    }

    /// For commands where no dispatcher runs: where there is none, it is empty, and nothing is written.
    public static RecordDatabase existingIn(Path directory) {
        return new RecordDatabase(Database.existingIn(KIND, directory, Schema.RECORDS));
    }

    public RecordStore records() {
        return records;
    }

    public RecordFigures figures() {
        return new SqlRecordFigures(database);
    }

    /// Sees to it that the disk has all that was written. For the thread that saves.
    public void checkpoint() {
        database.checkpoint();
    }

    @Override
    public void close() {
        database.close();
    }
}
