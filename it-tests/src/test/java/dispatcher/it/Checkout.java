package dispatcher.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// Where things are in the source tree that the tests run from.
final class Checkout {

    private static final Path ROOT = findRoot();

    private Checkout() {}

    static Path root() {
        return ROOT;
    }

    /// A script of `it-tests/fleet`: `host`, `client`, `fleet`, `newer-nix`.
    static Path script(String name) {
        return ROOT.resolve("it-tests/fleet").resolve(name);
    }

    /// A derivation graph of `it-tests/fleet/graphs`, by its name without `.nix`.
    static Path graph(String name) {
        return ROOT.resolve("it-tests/fleet/graphs").resolve(name + ".nix");
    }

    /// The program as a user starts it. The first call builds it if its sources are newer than what was built, so that
    /// no test waits for that.
    static Path dispatcher() {
        return Program.PATH;
    }

    private static final class Program {
        private static final Path PATH = built(ROOT.resolve("dispatcher"));

        private static Path built(Path program) {
            try {
                var process = new ProcessBuilder(program.toString(), "--version")
                        .redirectErrorStream(true)
                        .start();
                var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (process.waitFor() != 0) throw new IllegalStateException(program + " --version: " + said);
                return program;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while " + program + " was built", e);
            }
        }
    }

    /// A copy of the program `dispatcher-stdio` beside this file. It belongs to the user that runs the tests, as the
    /// checkout may not.
    static Path shim(Path file) throws IOException {
        Path copy = file.toAbsolutePath().resolveSibling("dispatcher-stdio");
        if (!Files.exists(copy)) {
            Files.copy(
                    ROOT.resolve("dispatcher-cli/src/main/dist/bin/dispatcher-stdio"),
                    copy,
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
        return copy;
    }

    private static Path findRoot() {
        Path here = Path.of("").toAbsolutePath();
        for (Path folder = here; folder != null; folder = folder.getParent()) {
            if (Files.isExecutable(folder.resolve("it-tests/fleet/host"))) {
                return folder;
            }
        }
        throw new IllegalStateException("not inside a checkout: " + here);
    }
}
