package dispatcher.cli.explain;

import dispatcher.nix.Derivation;
import dispatcher.nix.Derivation.InputOutputs;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.DerivationText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// The inputs that a derivation names, as the `.drv` files on this host give them.
///
/// @param paths  what the build reads, without what that refers to
/// @param unread outputs of other derivations whose paths are not known: their `.drv` files cannot be read here, or
///               only a build gives the path
record NamedInputs(SortedSet<StorePath> paths, int unread) {
    /// No derivation of 10 MB is known; a larger file is some other thing.
    private static final long MOST_BYTES = 10_000_000;

    NamedInputs {
        paths = Collections.unmodifiableSortedSet(new TreeSet<>(paths));
    }

    /// Reads a `.drv` file.
    ///
    /// @throws NixSyntaxException if it holds something else
    static Derivation read(StoreDir storeDir, Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            var text = in.readNBytes((int) MOST_BYTES + 1);
            if (text.length > MOST_BYTES)
                throw NixSyntaxException.of(
                        "derivation",
                        file.toString(),
                        "it has more than %d bytes, and no derivation has".formatted(MOST_BYTES));
            return DerivationText.parse(storeDir, text);
        }
    }

    /// @param file where `derivation` was read; those that it names are looked for beside it, then in the store
    static NamedInputs of(StoreDir storeDir, Path file, Derivation derivation) {
        var paths = new TreeSet<>(derivation.inputSources());
        int unread = 0;
        for (var input : derivation.inputDerivations().entrySet()) {
            var outputs = outputs(storeDir, file, input.getKey(), input.getValue());
            for (var output : outputs) output.ifPresent(paths::add);
            unread += (int) outputs.stream().filter(Optional::isEmpty).count()
                    + input.getValue().dynamic().size();
        }
        return new NamedInputs(paths, unread);
    }

    private static List<Optional<StorePath>> outputs(
            StoreDir storeDir, Path file, StorePath drvPath, InputOutputs wanted) {
        var found = beside(storeDir, file, drvPath);
        var outputs = new ArrayList<Optional<StorePath>>();
        for (var name : wanted.names())
            outputs.add(found.map(derivation -> derivation.outputs().get(name)).flatMap(DerivationOutput::path));
        return outputs;
    }

    private static Optional<Derivation> beside(StoreDir storeDir, Path file, StorePath drvPath) {
        for (var place : List.of(file.resolveSibling(drvPath.baseName()), Path.of(storeDir.print(drvPath)))) {
            try {
                return Optional.of(read(storeDir, place));
            } catch (IOException | NixSyntaxException e) {
                // Then it may be in the other place; if it is in none, it is counted as not read.
            }
        }
        return Optional.empty();
    }
}
