package dispatcher.cli.state;

import dispatcher.cli.state.database.Lists;
import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Statements;
import dispatcher.cli.state.database.Transactions;
import dispatcher.cli.state.database.UnreadRows;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.registry.DescriptionStore;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What machines have said of themselves, in their table.
record SqlDescriptions(Transactions database) implements DescriptionStore {
    private static final String PUT = """
            INSERT INTO machine_description
                (name, way, said_at, systems, features, experimental, max_jobs, cores, memory, disk_bytes, free_bytes,
                 nix_version, store_dir, trusted)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET way = excluded.way, said_at = excluded.said_at,
                systems = excluded.systems, features = excluded.features, experimental = excluded.experimental,
                max_jobs = excluded.max_jobs, cores = excluded.cores, memory = excluded.memory,
                disk_bytes = excluded.disk_bytes, free_bytes = excluded.free_bytes,
                nix_version = excluded.nix_version, store_dir = excluded.store_dir, trusted = excluded.trusted""";

    @Override
    public Map<String, Known> load() throws IOException {
        return database.read(Map.of(), connection -> {
            var known = new HashMap<String, Known>();
            var unread = new UnreadRows("machine_description");
            Rows.each(connection, "SELECT * FROM machine_description", row -> {
                var name = row.getString("name");
                try {
                    known.put(name, known(row));
                } catch (IllegalArgumentException e) {
                    unread.add(name, e);
                }
            });
            unread.warn();
            return known;
        });
    }

    private static Known known(ResultSet row) throws SQLException {
        return new Known(
                row.getString("way"),
                Instant.ofEpochSecond(row.getLong("said_at")),
                new MachineDescription(
                        names(row, "systems"),
                        names(row, "features"),
                        names(row, "experimental"),
                        whole(row, "max_jobs"),
                        whole(row, "cores"),
                        bytes(row, "memory"),
                        bytes(row, "disk_bytes"),
                        bytes(row, "free_bytes"),
                        Optional.ofNullable(row.getString("nix_version")),
                        Optional.ofNullable(row.getString("store_dir")),
                        trusted(row)));
    }

    private static Optional<SortedSet<String>> names(ResultSet row, String column) throws SQLException {
        return Optional.ofNullable(row.getString(column)).map(text -> new TreeSet<>(Lists.texts(text)));
    }

    private static OptionalInt whole(ResultSet row, String column) throws SQLException {
        int value = row.getInt(column);
        return row.wasNull() ? OptionalInt.empty() : OptionalInt.of(value);
    }

    private static OptionalLong bytes(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }

    private static Optional<Boolean> trusted(ResultSet row) throws SQLException {
        int value = row.getInt("trusted");
        return row.wasNull() ? Optional.empty() : Optional.of(value != 0);
    }

    @Override
    public void save(String machine, Known known) throws IOException {
        var said = known.description();
        database.change(connection -> Statements.run(
                connection,
                PUT,
                machine,
                known.way(),
                known.at().getEpochSecond(),
                print(said.systems()),
                print(said.features()),
                print(said.experimental()),
                boxed(said.maxJobs()),
                boxed(said.cores()),
                boxed(said.memory()),
                boxed(said.diskBytes()),
                boxed(said.freeBytes()),
                said.nixVersion().orElse(null),
                said.storeDir().orElse(null),
                said.trusted().map(trusted -> trusted ? 1 : 0).orElse(null)));
    }

    private static @Nullable String print(Optional<SortedSet<String>> names) {
        return names.map(all -> Lists.print(List.copyOf(all))).orElse(null);
    }

    private static @Nullable Integer boxed(OptionalInt value) {
        return value.isPresent() ? (Integer) value.getAsInt() : null;
    }

    private static @Nullable Long boxed(OptionalLong value) {
        return value.isPresent() ? (Long) value.getAsLong() : null;
    }

    @Override
    public void keepOnly(Set<String> machines) throws IOException {
        database.change(connection -> {
            var gone = new ArrayList<String>();
            Rows.each(connection, "SELECT name FROM machine_description", row -> {
                if (!machines.contains(row.getString(1))) gone.add(row.getString(1));
            });
            Statements.runAll(
                    connection, "DELETE FROM machine_description WHERE name = ?", gone, name -> new Object[] {name});
        });
    }
}
