package dispatcher.cli.state.database;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Set;
import java.util.stream.Stream;

/// What faults of the database mean. Source: SQLite's result codes, of which the low byte is the kind.
final class SqlFaults {
    private static final int KIND = 0xff;
    /// Corrupt, not a database.
    private static final Set<Integer> DAMAGE = Set.of(11, 26);
    /// No permission, read-only, I/O error, full, cannot open.
    private static final Set<Integer> DISK = Set.of(3, 8, 10, 13, 14);

    private SqlFaults() {}

    /// Whether nothing can be done with the database any more.
    static boolean isDamage(Throwable fault) {
        return causes(fault).anyMatch(cause -> cause instanceof DamagedStateException || is(cause, DAMAGE));
    }

    /// Whether the database may be well, and cannot be written.
    static boolean isOfTheDisk(Throwable fault) {
        return causes(fault).anyMatch(cause -> is(cause, DISK));
    }

    private static boolean is(Throwable cause, Set<Integer> kinds) {
        return cause instanceof SQLException sql && kinds.contains(sql.getErrorCode() & KIND);
    }

    /// The database's own words, without those of the libraries around it.
    static String message(Throwable fault) {
        return causes(fault)
                        .filter(SQLException.class::isInstance)
                        .findFirst()
                        .orElse(fault)
                        .getMessage() + "";
    }

    /// @param what was to be done
    static IOException cannot(String what, Path file, Exception fault) {
        return fault instanceof IOException known
                ? known
                : new IOException("cannot %s %s: %s".formatted(what, file, message(fault)), fault);
    }

    private static Stream<Throwable> causes(Throwable fault) {
        return Stream.iterate(fault, cause -> cause != null, Throwable::getCause);
    }
}
