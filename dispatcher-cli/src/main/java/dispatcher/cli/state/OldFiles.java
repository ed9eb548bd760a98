package dispatcher.cli.state;

import dispatcher.cli.state.database.Transactions;
import dispatcher.history.HistoryStore;
import dispatcher.nix.NixSyntaxException;
import dispatcher.store.LocationStore.KnownPath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The state files of versions that had no database: `history`, `locations`, and `drained`, a machine's name on
/// each line. They are taken over once and then have `.taken-over` at the end of their names; one that cannot be
/// read is set aside with `.broken` there.
final class OldFiles {
    private static final Logger log = LoggerFactory.getLogger(OldFiles.class);
    private static final String HISTORY = "history";
    private static final String LOCATIONS = "locations";
    private static final String DRAINED = "drained";

    private OldFiles() {}

    /// Reads a file, or says why it is of no use.
    @FunctionalInterface
    private interface Parser<T> {
        T parse(Path file) throws IOException;
    }

    static boolean existIn(Path directory) {
        return Stream.of(HISTORY, LOCATIONS, DRAINED).anyMatch(name -> Files.isRegularFile(directory.resolve(name)));
    }

    /// Writes all that they say in one transaction, in the place of what is there of the same things.
    static void takeOver(Path directory, Connection connection) throws SQLException {
        if (!existIn(directory)) return;
        var taken = new ArrayList<Path>();
        var history = read(directory.resolve(HISTORY), OldFiles::history, taken);
        var locations = read(directory.resolve(LOCATIONS), OldFiles::locations, taken);
        var drained = read(directory.resolve(DRAINED), OldFiles::drained, taken);
        Transactions.of(connection, writing -> {
            if (history.isPresent()) SqlHistory.write(writing, history.get());
            if (locations.isPresent()) SqlLocations.write(writing, locations.get());
            if (drained.isPresent()) SqlDrains.insert(writing, drained.get());
        });
        for (var file : taken) {
            var now = rename(file, ".taken-over");
            log.atInfo().addKeyValue("file", now).log("what this file says is in the state database from now on");
        }
    }

    private static <T> Optional<T> read(Path file, Parser<T> parser, List<Path> taken) {
        if (!Files.isRegularFile(file)) return Optional.empty();
        try {
            var contents = parser.parse(file);
            taken.add(file);
            return Optional.of(contents);
        } catch (IOException | UncheckedIOException | IllegalArgumentException | NixSyntaxException e) {
            log.atWarn()
                    .addKeyValue("file", rename(file, ".broken"))
                    .addKeyValue("why", e.getMessage())
                    .log("what this file said is forgotten; it could not be read and was set aside");
            return Optional.empty();
        }
    }

    /// @return where the file is then
    private static Path rename(Path file, String ending) {
        var next = file.resolveSibling(file.getFileName() + ending);
        try {
            return Files.move(file, next, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("why", e.toString())
                    .log("cannot rename a file that is of no use any more; it will be read again");
            return file;
        }
    }

    private static HistoryStore.Contents history(Path file) throws IOException {
        try (var lines = Files.lines(file)) {
            return OldHistoryFile.parse(lines.toList());
        }
    }

    /// A last line that was cut off is left out.
    private static List<KnownPath> locations(Path file) throws IOException {
        var text = Files.readString(file);
        return OldLocationsFile.parse(
                text.substring(0, text.lastIndexOf('\n') + 1).lines().toList());
    }

    private static SortedMap<String, Drain> drained(Path file) throws IOException {
        var drained = new TreeMap<String, Drain>();
        for (var name : Files.readAllLines(file)) if (!name.isEmpty()) drained.put(name, Drain.UNKNOWN);
        return drained;
    }
}
