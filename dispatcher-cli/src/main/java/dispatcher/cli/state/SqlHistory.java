package dispatcher.cli.state;

import dispatcher.cli.state.database.Lists;
import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Statements;
import dispatcher.cli.state.database.Transactions;
import dispatcher.cli.state.database.UnreadRows;
import dispatcher.history.HistoryStore;
import dispatcher.history.MachineHistory;
import dispatcher.history.PackageHistory;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.attributes.PackageName;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// What builds took, in a table of packages and one of machines.
record SqlHistory(Transactions database) implements HistoryStore {
    private static final String PUT_MACHINE = """
            INSERT INTO history_machine (name, configured, speeds, copied_bytes, copy_seconds) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET configured = excluded.configured, speeds = excluded.speeds,
                copied_bytes = excluded.copied_bytes, copy_seconds = excluded.copy_seconds""";
    private static final String PUT_PACKAGE = """
            INSERT INTO history_package
                (name, system, builds, last_seen, output_bytes, seconds, machines, peaks, behind)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (name, system) DO UPDATE SET builds = excluded.builds, last_seen = excluded.last_seen,
                output_bytes = excluded.output_bytes, seconds = excluded.seconds, machines = excluded.machines,
                peaks = excluded.peaks, behind = excluded.behind""";

    private record MachineRow(String name, double configured, String speeds, double copiedBytes, double copySeconds) {
        static MachineRow of(ResultSet row) throws SQLException {
            return new MachineRow(
                    row.getString("name"),
                    row.getDouble("configured"),
                    row.getString("speeds"),
                    row.getDouble("copied_bytes"),
                    row.getDouble("copy_seconds"));
        }

        MachineHistory machine() {
            return MachineHistory.restored(configured, Lists.window(speeds), copiedBytes, copySeconds);
        }
    }

    private record PackageRow(
            String name,
            String system,
            long builds,
            long lastSeen,
            long outputBytes,
            String seconds,
            String machines,
            String peaks,
            String behind) {
        static PackageRow of(ResultSet row) throws SQLException {
            return new PackageRow(
                    row.getString("name"),
                    row.getString("system"),
                    row.getLong("builds"),
                    row.getLong("last_seen"),
                    row.getLong("output_bytes"),
                    row.getString("seconds"),
                    row.getString("machines"),
                    row.getString("peaks"),
                    row.getString("behind"));
        }

        Key key() {
            return new Key(new PackageName(name), system);
        }

        PackageHistory history() {
            return PackageHistory.restored(
                    builds,
                    lastSeen,
                    outputBytes,
                    Lists.window(seconds),
                    Lists.texts(machines),
                    Lists.window(peaks),
                    Lists.window(behind));
        }
    }

    @Override
    public Contents load() throws IOException {
        return database.read(
                new Contents(Map.of(), Map.of()),
                connection -> new Contents(machines(connection), packages(connection)));
    }

    private static Map<String, MachineHistory> machines(Connection connection) throws SQLException {
        var machines = new HashMap<String, MachineHistory>();
        var unread = new UnreadRows("history_machine");
        Rows.each(connection, "SELECT * FROM history_machine", found -> {
            var row = MachineRow.of(found);
            try {
                machines.put(row.name(), row.machine());
            } catch (IllegalArgumentException e) {
                unread.add(row.name(), e);
            }
        });
        unread.warn();
        return machines;
    }

    private static Map<Key, PackageHistory> packages(Connection connection) throws SQLException {
        var packages = new HashMap<Key, PackageHistory>();
        var unread = new UnreadRows("history_package");
        Rows.each(connection, "SELECT * FROM history_package", found -> {
            var row = PackageRow.of(found);
            try {
                packages.put(row.key(), row.history());
            } catch (IllegalArgumentException | NixSyntaxException e) {
                unread.add(row.name(), e);
            }
        });
        unread.warn();
        return packages;
    }

    @Override
    public void save(Contents changed, Collection<PackageName> forgotten) throws IOException {
        database.change(connection -> {
            Statements.runAll(connection, "DELETE FROM history_package WHERE name = ?", forgotten, name ->
                    new Object[] {name.text()});
            write(connection, changed);
        });
    }

    @Override
    public void replaceAll(Contents all) throws IOException {
        database.change(connection -> {
            Statements.run(connection, "DELETE FROM history_package");
            Statements.run(connection, "DELETE FROM history_machine");
            write(connection, all);
        });
    }

    /// Puts these in the place of what is there of the same machines and packages.
    static void write(Connection connection, Contents contents) throws SQLException {
        Statements.runAll(connection, PUT_MACHINE, contents.machines().entrySet(), SqlHistory::machineValues);
        Statements.runAll(connection, PUT_PACKAGE, contents.packages().entrySet(), SqlHistory::packageValues);
    }

    private static Object[] machineValues(Map.Entry<String, MachineHistory> machine) {
        var known = machine.getValue();
        return new Object[] {
            machine.getKey(), known.configured(), Lists.print(known.speeds()), known.copiedBytes(), known.copySeconds()
        };
    }

    private static Object[] packageValues(Map.Entry<Key, PackageHistory> entry) {
        var known = entry.getValue();
        return new Object[] {
            entry.getKey().name().text(),
            entry.getKey().system(),
            known.builds(),
            known.lastSeen().getEpochSecond(),
            known.outputBytes(),
            Lists.print(known.seconds()),
            Lists.print(known.machines()),
            Lists.print(known.peaks()),
            Lists.print(known.behind())
        };
    }
}
