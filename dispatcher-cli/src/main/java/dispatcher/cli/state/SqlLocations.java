package dispatcher.cli.state;

import dispatcher.cli.state.database.Lists;
import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Statements;
import dispatcher.cli.state.database.Transactions;
import dispatcher.cli.state.database.UnreadRows;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.store.Fingerprint;
import dispatcher.store.LocationStore;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Which machines hold which paths, and what these hold, in two tables.
record SqlLocations(Transactions database) implements LocationStore {
    private record Row(String path, String contents, String machine) {}

    @Override
    public void load(Consumer<KnownPath> each) throws IOException {
        var unread = new UnreadRows("known_path");
        database.read(unread, connection -> {
            var reader = new Reader(each, unread);
            Rows.each(
                    connection,
                    "SELECT k.path, k.contents, l.machine FROM known_path k JOIN location l ON l.path = k.path"
                            + " ORDER BY k.path",
                    row -> reader.accept(new Row(row.getString(1), row.getString(2), row.getString(3))));
            reader.end();
            return unread;
        });
        unread.warn();
    }

    /// Joins the rows of each path.
    private static final class Reader {
        private final Consumer<KnownPath> each;
        private final UnreadRows unread;
        private @Nullable Row last;
        private SortedSet<String> machines = new TreeSet<>();

        Reader(Consumer<KnownPath> each, UnreadRows unread) {
            this.each = each;
            this.unread = unread;
        }

        void accept(Row row) {
            if (last != null && !last.path().equals(row.path())) end();
            last = row;
            machines.add(row.machine());
        }

        void end() {
            if (last != null) emit(last);
            machines = new TreeSet<>();
        }

        private void emit(Row row) {
            KnownPath known;
            try {
                known = new KnownPath(
                        StorePath.parse(row.path()),
                        machines,
                        Lists.texts(row.contents()).stream()
                                .map(Fingerprint::parse)
                                .toList());
            } catch (IllegalArgumentException | NixSyntaxException e) {
                unread.add(row.path(), e);
                return;
            }
            each.accept(known);
        }
    }

    @Override
    public void save(Collection<KnownPath> paths) throws IOException {
        database.change(connection -> write(connection, paths));
    }

    @Override
    public void replaceAll(Collection<KnownPath> paths) throws IOException {
        database.change(connection -> {
            Statements.run(connection, "DELETE FROM location");
            Statements.run(connection, "DELETE FROM known_path");
            write(connection, paths);
        });
    }

    private record Location(String path, String machine) {}

    /// In the order of the tables, or else many would go from page to page of the disk at random.
    static void write(Connection connection, Collection<KnownPath> paths) throws SQLException {
        var sorted = new ArrayList<>(paths);
        sorted.sort(Comparator.comparing(KnownPath::path));
        // The locations of what is gone go with it.
        Statements.runAll(
                connection, "DELETE FROM known_path WHERE path = ?", sorted, path -> new Object[] {name(path)});
        sorted.removeIf(path -> path.machines().isEmpty());
        Statements.runAll(connection, "INSERT INTO known_path (path, contents) VALUES (?, ?)", sorted, path ->
                new Object[] {name(path), contents(path)});
        Statements.runAll(
                connection,
                "INSERT INTO location (path, machine) VALUES (?, ?)",
                () -> sorted.stream().flatMap(SqlLocations::locations).iterator(),
                location -> new Object[] {location.path(), location.machine()});
    }

    private static String name(KnownPath path) {
        return path.path().baseName();
    }

    private static String contents(KnownPath path) {
        return Lists.print(path.contents().stream().map(Fingerprint::toString).collect(Collectors.toList()));
    }

    private static Stream<Location> locations(KnownPath path) {
        return path.machines().stream().map(machine -> new Location(name(path), machine));
    }
}
