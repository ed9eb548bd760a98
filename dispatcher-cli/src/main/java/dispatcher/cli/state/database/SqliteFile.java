package dispatcher.cli.state.database;

import dispatcher.state.StateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/// A file of SQLite's, with its companions `-wal` and `-shm` beside it; only its owner can read it.
record SqliteFile(Path path) {
    /// Only its owner.
    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-------");

    /// How long it waits for another process that writes, such as a command.
    private static final int BUSY_MILLIS = 10_000;

    /// Pages of 4 KiB. Only reached if there is no call of `StateDatabase.checkpoint`.
    private static final int MOST_WAL_PAGES = 10_000;

    private static final int WAL_BYTES_KEPT = 16 << 20;
    private static final List<String> COMPANIONS = List.of("", "-wal", "-shm");

    boolean exists() {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    /// Makes one if there is none.
    ///
    /// @param initial what it holds then; else it is empty
    /// @throws IOException also if a symbolic link has its name, or that of a companion
    void prepare(Optional<Path> initial) throws IOException {
        for (var companion : COMPANIONS)
            if (Files.isSymbolicLink(companion(companion)))
                throw new IOException("%s is a symbolic link, and those are not written through; remove it"
                        .formatted(companion(companion)));
        var directory = path.toAbsolutePath().normalize().getParent();
        if (directory != null) Files.createDirectories(directory);
        if (exists()) {
            if (Files.isWritable(path) && !Files.getPosixFilePermissions(path).equals(MODE))
                Files.setPosixFilePermissions(path, MODE);
        } else {
            make(initial);
        }
    }

    /// All of it at once, so that a crash leaves nothing that looks like a damaged database.
    private void make(Optional<Path> initial) throws IOException {
        var next = companion(".new");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(MODE));
        if (initial.isPresent()) Files.write(next, Files.readAllBytes(initial.get()));
        StateFiles.giveToOwnerOfDirectory(next);
        Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
    }

    private Path companion(String ending) {
        return path.resolveSibling(path.getFileName() + ending);
    }

    /// A connection that writes.
    Connection open() throws SQLException {
        return config().createConnection(url(""));
    }

    /// A connection that reads the file without writing anything beside it, for disks on which that is
    /// impossible. What is still in `-wal` is not seen.
    Connection openUnchanged() throws SQLException {
        var config = new SQLiteConfig();
        config.setReadOnly(true);
        return config.createConnection(url("?immutable=1"));
    }

    DataSource dataSource() {
        var source = new SQLiteDataSource(config());
        source.setUrl(url(""));
        return source;
    }

    private String url(String parameters) {
        return "jdbc:sqlite:" + path.toUri() + parameters;
    }

    private static SQLiteConfig config() {
        var config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
        config.enforceForeignKeys(true);
        config.setBusyTimeout(BUSY_MILLIS);
        config.setJournalSizeLimit(WAL_BYTES_KEPT);
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        config.setWalAutocheckpoint(MOST_WAL_PAGES);
        config.setGetGeneratedKeys(false);
        return config;
    }

    /// Moves it and its companions to `NAME.broken`, in the place of earlier ones.
    ///
    /// @return where it is
    Path setAside() throws IOException {
        var aside = new SqliteFile(companion(".broken"));
        for (var companion : COMPANIONS) {
            Files.deleteIfExists(aside.companion(companion));
            if (Files.exists(companion(companion), LinkOption.NOFOLLOW_LINKS))
                Files.move(companion(companion), aside.companion(companion), StandardCopyOption.ATOMIC_MOVE);
        }
        return aside.path();
    }
}
