package dispatcher.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/// Nix's own test data, where it lies beside the project; it is not part of the project. Tests that need it are
/// skipped where it is missing, and [SkippedForMissingData] says in the end which these are.
public final class NixVectors {
    private static final String BESIDE = "../shared/";
    private static final String MISSING = " is not there";

    private NixVectors() {}

    /// @param name a file or folder of `shared/nix-vectors`, e.g. `nars` or `derivation/hello.drv`
    public static Path path(String name) {
        return shared("nix-vectors/" + name);
    }

    /// @param name a file or folder of `shared`
    public static Path shared(String name) {
        var shared = projectRoot().resolveSibling("shared");
        var path = Path.of(name);
        for (int i = 1; i <= path.getNameCount(); i++) {
            var part = path.subpath(0, i);
            if (!Files.exists(shared.resolve(part))) Assumptions.abort(BESIDE + part + MISSING);
        }
        return shared.resolve(path);
    }

    /// What was missing beside the project, if that is why a test was aborted: such as `../shared/nars is not there`.
    static Optional<String> missing(Throwable cause) {
        var message = cause.getMessage();
        return message != null && message.startsWith(BESIDE) && message.endsWith(MISSING)
                ? Optional.of(message)
                : Optional.empty();
    }

    public static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(path(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The names of the files directly in a folder, with the folder, sorted.
    ///
    /// @param suffix of the names, e.g. `.nar`
    public static List<String> list(String folder, String suffix) {
        try (var files = Files.list(path(folder))) {
            return files.map(file -> folder + "/" + path(folder).relativize(file))
                    .filter(name -> name.endsWith(suffix))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path projectRoot() {
        var start = Path.of("").toAbsolutePath();
        for (var dir = start; dir != null; dir = dir.getParent())
            if (Files.exists(dir.resolve("pom.xml")) && Files.isDirectory(dir.resolve("dispatcher-core"))) return dir;
        throw new IllegalStateException("the tests do not run inside the project, but in " + start);
    }
}
