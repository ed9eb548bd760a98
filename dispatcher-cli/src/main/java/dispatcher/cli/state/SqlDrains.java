package dispatcher.cli.state;

import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Statements;
import dispatcher.cli.state.database.Transactions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

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
        database.change(connection -> {
            Statements.run(connection, "DELETE FROM drained_machine");
            insert(connection, names);
        });
    }

    /// Adds those that are not there yet.
    static void insert(Connection connection, SortedSet<String> names) throws SQLException {
        Statements.runAll(
                connection, "INSERT INTO drained_machine (name) VALUES (?) ON CONFLICT DO NOTHING", names, name ->
                        new Object[] {name});
    }
}
