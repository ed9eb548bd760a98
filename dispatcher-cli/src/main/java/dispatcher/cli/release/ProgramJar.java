package dispatcher.cli.release;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// The jar that this program runs from.
public final class ProgramJar {
    private static final String NAME = "dispatcher-cli.jar";

    private ProgramJar() {}

    /// Its real path; the directory of classes, where they are in one; empty if nobody knows.
    ///
    /// The class path comes first. A class that comes from an AOT cache says that it is from the jar of the build
    /// that made the cache, and from nowhere if that jar is gone, as it is on every other host.
    public static Optional<Path> find() {
        return ofClassPath(System.getProperty("java.class.path", "")).or(ProgramJar::ofThisClass);
    }

    static Optional<Path> ofClassPath(String classPath) {
        var only = classPath.contains(File.pathSeparator) ? "" : classPath;
        try {
            var jar = Path.of(only);
            return jar.endsWith(NAME) ? Optional.of(jar.toRealPath()) : Optional.empty();
        } catch (InvalidPathException | IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<Path> ofThisClass() {
        var source = ProgramJar.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) return Optional.empty();
        try {
            return Optional.of(Path.of(source.getLocation().toURI()));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }
}
