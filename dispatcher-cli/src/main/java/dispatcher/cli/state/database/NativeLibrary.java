package dispatcher.cli.state.database;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import org.sqlite.SQLiteJDBCLoader;

/// SQLite itself, which is native code. A release has it in its `lib` directory; without that, as in tests, it is
/// unpacked into the state directory, since `/tmp` is often mounted so that nothing in it can be run.
final class NativeLibrary {
    private static final String FILE = System.mapLibraryName("sqlitejdbc");
    private static final String WHERE_IT_IS = "org.sqlite.lib.path";
    private static final String WHERE_TO_UNPACK = "org.sqlite.tmpdir";

    /// Set by the script that started the program.
    private static final boolean IS_CHOSEN = System.getProperty(WHERE_TO_UNPACK) != null;

    private NativeLibrary() {}

    /// Loads it, once in the life of the process.
    ///
    /// @param state a directory that exists
    /// @throws IOException if that cannot be done
    static void load(Path state) throws IOException {
        if (System.getProperty(WHERE_IT_IS) == null)
            ProgramFiles.find(FILE).ifPresent(file -> System.setProperty(WHERE_IT_IS, folderOf(file)));
        if (!IS_CHOSEN) System.setProperty(WHERE_TO_UNPACK, state.toString());
        try {
            if (SQLiteJDBCLoader.initialize()) return;
        } catch (Exception | LinkageError e) {
            throw new IOException(whatToDo() + ": " + e.getMessage(), e);
        }
        throw new IOException(whatToDo());
    }

    private static String folderOf(Path file) {
        return requireNonNull(file.getParent()).toString();
    }

    private static String whatToDo() {
        return "SQLite's native library cannot be loaded; see whether %s is there and allows programs to run (mount"
                        .formatted(System.getProperty(WHERE_IT_IS, System.getProperty(WHERE_TO_UNPACK)))
                + " option exec)";
    }
}
