package dispatcher.cli.state.database;

import dispatcher.cli.release.ProgramJar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Files that a release has beside the program, in its `lib` directory.
final class ProgramFiles {
    private ProgramFiles() {}

    /// Empty where there is none that can be read, as in tests.
    static Optional<Path> find(String name) {
        return ProgramJar.find()
                .map(jar -> jar.resolveSibling(name))
                .filter(file -> Files.isRegularFile(file) && Files.isReadable(file));
    }
}
