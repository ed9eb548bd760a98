package dispatcher.cli.state.database;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.locks.ReentrantLock;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A database in a state directory, a file of SQLite's.
///
/// It is opened at its first use, and again at the next use after something went wrong, as with a full disk. One
/// that is damaged, or that a newer version of the program wrote, is moved to `NAME.broken`, with a
/// warning, and an empty one takes its place.
///
/// Safe for any thread. One connection, with a lock that is held while it is used; what is written is there for the
/// next process as soon as a method returns, and for the next boot after [#checkpoint].
public final class Database implements Transactions, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Database.class);

    private final Kind kind;
    private final Path directory;
    private final SqliteFile file;
    private final Schema schema;
    private final boolean creates;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private @Nullable Connection connection;

    /// Whether it was found well, in this process.
    @GuardedBy("lock")
    private boolean checked;

    @GuardedBy("lock")
    private boolean written;

    private Database(Kind kind, Path directory, Schema schema, boolean creates) {
        this.kind = kind;
        this.directory = directory;
        this.file = new SqliteFile(directory.resolve(kind.file()));
        this.schema = schema;
        this.creates = creates;
    }

    /// What is special about a database.
    ///
    /// @param file      its name in the state directory
    /// @param isChecked whether it is looked through at the start for what is damaged, which takes the longer the
    ///                  larger it is
    /// @param oldFiles  what takes over the files of versions that had none
    /// @param forgotten what is gone if it is set aside, for the log
    public record Kind(String file, boolean isChecked, OldState oldFiles, String forgotten) {}

    /// Files of versions that had no database.
    public interface OldState {
        OldState NONE = new OldState() {
            @Override
            public boolean existIn(Path directory) {
                return false;
            }

            @Override
            public void takeOver(Path directory, Connection connection) {}
        };

        boolean existIn(Path directory);

        void takeOver(Path directory, Connection connection) throws SQLException;
    }

    /// For the dispatcher that has this state directory: made if there is none.
    public static Database in(Kind kind, Path directory, Schema schema) {
        return new Database(kind, directory, schema, true);
    }

    /// For commands where no dispatcher runs: where there is none, it is empty, and nothing is written.
    public static Database existingIn(Kind kind, Path directory, Schema schema) {
        return new Database(kind, directory, schema, false);
    }

    @Override
    public <T> T read(T ifNone, Question<T> question) throws IOException {
        lock.lock();
        try {
            if (isMissing()) return ifNone;
            try {
                return question.ask(open());
            } catch (IOException | SQLException e) {
                disconnect();
                return readUnchanged(question, e);
            }
        } finally {
            lock.unlock();
        }
    }

    private <T> T readUnchanged(Question<T> question, Exception opening) throws IOException {
        if (!SqlFaults.isOfTheDisk(opening)) throw SqlFaults.cannot("read", file.path(), opening);
        try (var unchanged = file.openUnchanged()) {
            var answer = question.ask(unchanged);
            log.atWarn()
                    .addKeyValue("file", file.path())
                    .addKeyValue("why", SqlFaults.message(opening))
                    .log("the state can be read, but not be written");
            return answer;
        } catch (SQLException e) {
            log.atDebug().setCause(e).log("nor can it be read without writing");
            throw SqlFaults.cannot("read", file.path(), opening);
        }
    }

    @Override
    public void change(Change change) throws IOException {
        lock.lock();
        try {
            if (isMissing()) return;
            Transactions.of(open(), change);
            written = true;
        } catch (SQLException e) {
            disconnect();
            throw SqlFaults.cannot("write", file.path(), e);
        } finally {
            lock.unlock();
        }
    }

    private boolean isMissing() {
        return !creates && !file.exists() && !kind.oldFiles().existIn(directory);
    }

    /// Sees to it that the disk has all that was written, which takes as long as the disk needs; nobody is kept from
    /// writing meanwhile. For the thread that saves.
    public void checkpoint() {
        lock.lock();
        try {
            if (!written) return;
            written = false;
        } finally {
            lock.unlock();
        }
        try (var own = file.open();
                var statement = own.createStatement()) {
            statement.execute("PRAGMA wal_checkpoint(PASSIVE)");
        } catch (SQLException e) {
            log.atDebug().setCause(e).log("no checkpoint");
        }
    }

    @GuardedBy("lock")
    private Connection open() throws IOException {
        var known = connection;
        if (known != null) return known;
        file.prepare(schema.empty());
        NativeLibrary.load(directory);
        try {
            return connect();
        } catch (SQLException | FlywayException | DamagedStateException e) {
            if (checked || !SqlFaults.isDamage(e)) throw SqlFaults.cannot("open", file.path(), e);
            return startAnew(e);
        }
    }

    @GuardedBy("lock")
    private Connection startAnew(Exception why) throws IOException {
        var aside = file.setAside();
        log.atWarn()
                .addKeyValue("file", aside)
                .addKeyValue("why", SqlFaults.message(why))
                .log("the database could not be read and was set aside: {}", kind.forgotten());
        file.prepare(schema.empty());
        try {
            return connect();
        } catch (SQLException | FlywayException | DamagedStateException e) {
            throw SqlFaults.cannot("open", file.path(), e);
        }
    }

    @GuardedBy("lock")
    private Connection connect() throws SQLException, DamagedStateException {
        var fresh = file.open();
        try {
            if (!checked && kind.isChecked()) requireSound(fresh);
            upgrade(fresh);
            kind.oldFiles().takeOver(directory, fresh);
        } catch (SQLException | FlywayException | DamagedStateException e) {
            close(fresh);
            throw e;
        }
        connection = fresh;
        checked = true;
        return fresh;
    }

    private static void requireSound(Connection fresh) throws SQLException, DamagedStateException {
        var found = Rows.only(fresh, "PRAGMA quick_check(1)");
        if (!found.equals("ok")) throw new DamagedStateException(found);
    }

    private void upgrade(Connection fresh) throws SQLException, DamagedStateException {
        int version = Integer.parseInt(Rows.only(fresh, "PRAGMA user_version"));
        if (version > schema.version())
            throw new DamagedStateException("a newer version of this program wrote it (schema %d; this one knows %d)"
                    .formatted(version, schema.version()));
        if (version == schema.version()) return;
        schema.migrate(file.dataSource());
        try (var statement = fresh.createStatement()) {
            statement.execute("PRAGMA user_version = " + schema.version());
        }
    }

    @GuardedBy("lock")
    private void disconnect() {
        var open = connection;
        connection = null;
        if (open != null) close(open);
    }

    private void close(Connection open) {
        try {
            open.close();
        } catch (SQLException e) {
            log.atDebug().setCause(e).log("while closing {}", file.path());
        }
    }

    /// What is written after that opens it again.
    @Override
    public void close() {
        lock.lock();
        try {
            disconnect();
        } finally {
            lock.unlock();
        }
    }
}
