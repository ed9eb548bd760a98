package dispatcher.cli.state.database;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Files that a release has beside the program, in its `lib` directory.
final class ProgramFiles {
    private ProgramFiles() {}

    /// Empty where there is none that can be read, as in tests.
    static Optional<Path> find(String name) {
        try {
            var source = ProgramFiles.class.getProtectionDomain().getCodeSource();
            if (source == null) return Optional.empty();
            return Optional.ofNullable(Path.of(source.getLocation().toURI()).getParent())
                    .map(folder -> folder.resolve(name))
                    .filter(file -> Files.isRegularFile(file) && Files.isReadable(file));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }
}
