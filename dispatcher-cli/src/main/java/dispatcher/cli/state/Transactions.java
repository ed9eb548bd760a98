package dispatcher.cli.state;

import java.io.IOException;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.HandleConsumer;

/// How tables are read and changed. Safe for any thread.
interface Transactions {
    /// Asks something; `ifNone` if there is no database and none is to be made. Where the database cannot be
    /// opened for writing, as with a full disk, it is read all the same.
    <T> T read(T ifNone, HandleCallback<T, RuntimeException> question) throws IOException;

    /// Changes something, as a whole or not at all.
    void write(HandleConsumer<RuntimeException> change) throws IOException;
}
