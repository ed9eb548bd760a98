package dispatcher.cli.state;

import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Transactions;
import java.io.IOException;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;

/// Drained machines, in their table.
record SqlDrains(Transactions database) implements DrainStore {
    @Override
    public SortedSet<String> load() throws IOException {
        return database.read(Collections.emptySortedSet(), connection -> {
            var names = new TreeSet<String>();
            Rows.each(connection, "SELECT name FROM drained_machine", row -> names.add(row.getString(1)));
            return names;
        });
    }

    @Override
    public void save(SortedSet<String> names) throws IOException {
        database.write(handle -> {
            handle.execute("DELETE FROM drained_machine");
            insert(handle, names);
        });
    }

    /// Adds those that are not there yet.
    static void insert(Handle handle, SortedSet<String> names) {
        for (var name : names)
            handle.execute("INSERT INTO drained_machine (name) VALUES (?) ON CONFLICT DO NOTHING", name);
    }
}
