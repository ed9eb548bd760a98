package dispatcher.cli.fleet;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.DerivationAttributes;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PackageName;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.DerivationText;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.SortedSet;
import java.util.TreeSet;

/// A build that somebody wants to be explained.
///
/// @param drvPath  made up if only its name is known
/// @param name     by which it is known how long it takes
/// @param features that it requires
record Question(StorePath drvPath, PackageName name, String system, SortedSet<String> features) {
    private static final String EXTENSION = ".drv";
    /// No derivation of 10 MB is known; a larger file is some other thing.
    private static final long MOST_BYTES = 64 << 20;

    /// @throws IllegalArgumentException if no derivation may have that name
    static Question of(String name, String system, Collection<String> features) {
        var bare = name.endsWith(EXTENSION) ? name.substring(0, name.length() - EXTENSION.length()) : name;
        try {
            var drvPath = StorePath.of("0".repeat(StorePath.HASH_DIGITS), bare + EXTENSION);
            return new Question(drvPath, PackageName.ofDerivation(bare), system, new TreeSet<>(features));
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /// @throws UserFacingException if there is no derivation in it
    static Question ofFile(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES)
                throw new UserFacingException(
                        "cannot explain " + file,
                        "it has %d bytes, and no derivation has more than %d".formatted(Files.size(file), MOST_BYTES),
                        "name a .drv file, or --system and --features");
            var derivation = DerivationText.parse(StoreDir.NIX_STORE, Files.readAllBytes(file))
                    .toBasic();
            var features = DerivationAttributes.of(derivation).requiredSystemFeatures();
            var path = path(file);
            return new Question(path, PackageName.of(path, derivation), derivation.platform(), features);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot explain " + file,
                    e instanceof NoSuchFileException ? "there is no such file" : e.toString(),
                    "name a .drv file that this user can read, as `nix-instantiate` prints it",
                    e);
        } catch (NixSyntaxException | IllegalArgumentException e) {
            throw new UserFacingException(
                    "cannot explain " + file,
                    "it is no derivation: " + e.getMessage(),
                    "name a .drv file, as `nix-instantiate` prints it, or --system and --features",
                    e);
        }
    }

    private static StorePath path(Path file) {
        var name = String.valueOf(file.getFileName());
        try {
            return StorePath.parse(name);
        } catch (NixSyntaxException e) {
            return of(name.replaceAll("[^0-9a-zA-Z+._?=-]", "-").replaceFirst("^\\.+", ""), "", new TreeSet<>())
                    .drvPath;
        }
    }

    Json.Members request() {
        return FleetRequests.explainRequest(drvPath, name, system, features);
    }
}
