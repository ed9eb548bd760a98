package dispatcher.cli.state;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.history.HistoryStore;
import dispatcher.machine.registry.DescriptionStore;
import dispatcher.store.LocationStore;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.locks.ReentrantLock;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.HandleConsumer;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The database of a state directory, `state.sqlite`: what outlives a restart.
///
/// It is opened at its first use, and again at the next use after something went wrong, as with a full disk. One
/// that is damaged, or that a newer version of the program wrote, is moved to `state.sqlite.broken`, with a
/// warning, and an empty one takes its place. Files of earlier versions are taken over, see [OldFiles].
///
/// Safe for any thread. One connection, with a lock that is held while it is used; what is written is there for the
/// next process as soon as a method returns, and for the next boot after [#checkpoint].
public final class StateDatabase implements Transactions, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StateDatabase.class);
    private static final String FILE = "state.sqlite";

    private final Path directory;
    private final SqliteFile file;
    private final Schema schema;
    private final boolean creates;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private @Nullable Connection connection;

    @GuardedBy("lock")
    private @Nullable Jdbi jdbi;

    /// Whether it was found well, in this process.
    @GuardedBy("lock")
    private boolean checked;

    @GuardedBy("lock")
    private boolean written;

    private StateDatabase(Path directory, Schema schema, boolean creates) {
        this.directory = directory;
        this.file = new SqliteFile(directory.resolve(FILE));
        this.schema = schema;
        this.creates = creates;
    }

    /// For the dispatcher that has this state directory: makes the database if there is none.
    public static StateDatabase in(Path directory) {
        return new StateDatabase(directory, Schema.CURRENT, true);
    }

    /// For commands where no dispatcher runs: where there is no state, it is empty, and nothing is written.
    public static StateDatabase existingIn(Path directory) {
        return new StateDatabase(directory, Schema.CURRENT, false);
    }

    static StateDatabase in(Path directory, Schema schema) {
        return new StateDatabase(directory, schema, true);
    }

    public HistoryStore history() {
        return new SqlHistory(this);
    }

    public LocationStore locations() {
        return new SqlLocations(this);
    }

    public DescriptionStore descriptions() {
        return new SqlDescriptions(this);
    }

    public DrainStore drains() {
        return new SqlDrains(this);
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
    public void write(HandleConsumer<RuntimeException> change) throws IOException {
        lock.lock();
        try {
            if (isMissing()) return;
            jdbi().useTransaction(change);
            written = true;
        } catch (JdbiException e) {
            disconnect();
            throw SqlFaults.cannot("write", file.path(), e);
        } finally {
            lock.unlock();
        }
    }

    private boolean isMissing() {
        return !creates && !file.exists() && !OldFiles.existIn(directory);
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
    private Jdbi jdbi() throws IOException {
        var connected = open();
        var made = jdbi == null ? Jdbi.create(connected) : jdbi;
        jdbi = made;
        return made;
    }

    @GuardedBy("lock")
    private Connection open() throws IOException {
        var known = connection;
        if (known != null) return known;
        file.prepare(schema.empty());
        NativeLibrary.load(directory);
        try {
            return connect();
        } catch (SQLException | JdbiException | FlywayException | DamagedStateException e) {
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
                .log("the state could not be read and was set aside: what builds took and where paths are is forgotten,"
                        + " and no machine is drained");
        file.prepare(schema.empty());
        try {
            return connect();
        } catch (SQLException | JdbiException | FlywayException | DamagedStateException e) {
            throw SqlFaults.cannot("open", file.path(), e);
        }
    }

    @GuardedBy("lock")
    private Connection connect() throws SQLException, DamagedStateException {
        var fresh = file.open();
        try {
            if (!checked) requireSound(fresh);
            upgrade(fresh);
            OldFiles.takeOver(directory, fresh);
        } catch (SQLException | JdbiException | FlywayException | DamagedStateException e) {
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
        jdbi = null;
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
