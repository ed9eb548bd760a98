package dispatcher.nix;

import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Which path an output of a derivation turned out to have.
///
/// @param id `sha256:<base 16>!<output name>`; the hash is the derivation's, modulo its fixed inputs
/// @param dependentRealisations ids of the realisations that it was made from, with their paths
public record Realisation(
        String id,
        StorePath outPath,
        SortedSet<String> signatures,
        SortedMap<String, StorePath> dependentRealisations) {
    public Realisation {
        if (id.indexOf('!') < 0) throw NixSyntaxException.of("realisation id", id, "a hash, '!' and an output name");
        signatures = Collections.unmodifiableSortedSet(new TreeSet<>(signatures));
        dependentRealisations = Collections.unmodifiableSortedMap(new TreeMap<>(dependentRealisations));
    }

    /// A realisation whose hash nobody will look at: all zero.
    public static Realisation ofOutput(String outputName, StorePath outPath) {
        return new Realisation(
                "sha256:" + "0".repeat(64) + "!" + outputName, outPath, new TreeSet<>(), new TreeMap<>());
    }

    public String outputName() {
        return id.substring(id.indexOf('!') + 1);
    }
}
