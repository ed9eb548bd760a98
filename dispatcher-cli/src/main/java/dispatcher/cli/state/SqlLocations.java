package dispatcher.cli.state;

import dispatcher.cli.state.database.Batches;
import dispatcher.cli.state.database.Lists;
import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Transactions;
import dispatcher.cli.state.database.UnreadRows;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.store.Fingerprint;
import dispatcher.store.LocationStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Which machines hold which paths, and what these hold, in two tables.
record SqlLocations(Transactions database) implements LocationStore {
    /// How much goes to the database at once; it is in memory a second time meanwhile.
    private static final int BATCH = 1_000;

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
        database.write(handle -> write(handle, paths));
    }

    @Override
    public void replaceAll(Collection<KnownPath> paths) throws IOException {
        database.write(handle -> {
            handle.execute("DELETE FROM location");
            handle.execute("DELETE FROM known_path");
            write(handle, paths);
        });
    }

    /// In the order of the tables, or else many would go from page to page of the disk at random.
    static void write(Handle handle, Collection<KnownPath> paths) {
        var sorted = new ArrayList<>(paths);
        sorted.sort(Comparator.comparing(KnownPath::path));
        Batches.of(sorted, BATCH, some -> writeBatch(handle, some));
    }

    private static void writeBatch(Handle handle, Collection<KnownPath> paths) {
        try (var gone = handle.prepareBatch("DELETE FROM known_path WHERE path = ?");
                var known = handle.prepareBatch("INSERT INTO known_path (path, contents) VALUES (?, ?)");
                var locations = handle.prepareBatch("INSERT INTO location (path, machine) VALUES (?, ?)")) {
            for (var path : paths) {
                var name = path.path().baseName();
                gone.add(name);
                if (path.machines().isEmpty()) continue;
                known.add(
                        name,
                        Lists.print(path.contents().stream()
                                .map(Fingerprint::toString)
                                .collect(Collectors.toList())));
                for (var machine : path.machines()) locations.add(name, machine);
            }
            // The locations of what is gone go with it.
            Batches.execute(gone);
            Batches.execute(known);
            Batches.execute(locations);
        }
    }
}
