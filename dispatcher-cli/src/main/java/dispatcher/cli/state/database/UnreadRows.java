package dispatcher.cli.state.database;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Rows that cannot have been written by this program: they are left out, and the log says so once for each table.
public final class UnreadRows {
    private static final Logger log = LoggerFactory.getLogger(UnreadRows.class);
    private final String table;
    private int count;
    private String first = "";

    public UnreadRows(String table) {
        this.table = table;
    }

    /// @param key of the row
    public void add(String key, RuntimeException why) {
        if (count++ == 0) first = "%s: %s".formatted(key, why.getMessage());
    }

    public void warn() {
        if (count > 0)
            log.atWarn()
                    .addKeyValue("table", table)
                    .addKeyValue("rows", count)
                    .addKeyValue("first", first)
                    .log("rows of the state that cannot be understood are left out");
    }
}
