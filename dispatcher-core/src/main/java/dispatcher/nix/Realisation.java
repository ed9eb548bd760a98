package dispatcher.nix;

import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Which path an output of a derivation turned out to have.
///
/// @param signatures           over the form that its id has, see [RealisationJson#fingerprint]
/// @param dependentRealisations ids of the realisations that it was made from, with their paths; of an
///     [RealisationId.OfHash] only
public record Realisation(
        RealisationId id,
        StorePath outPath,
        SortedSet<String> signatures,
        SortedMap<String, StorePath> dependentRealisations) {
    public Realisation {
        signatures = Collections.unmodifiableSortedSet(new TreeSet<>(signatures));
        dependentRealisations = Collections.unmodifiableSortedMap(new TreeMap<>(dependentRealisations));
    }

    /// A realisation of an output of a derivation whose hash nobody will look at.
    public static Realisation ofOutput(String outputName, StorePath outPath) {
        return unsigned(RealisationId.OfHash.unknown(outputName), outPath);
    }

    public static Realisation unsigned(RealisationId id, StorePath outPath) {
        return new Realisation(id, outPath, Collections.emptySortedSet(), Collections.emptySortedMap());
    }

    public String outputName() {
        return id.outputName();
    }

    public Realisation withSignatures(SortedSet<String> others) {
        return new Realisation(id, outPath, others, dependentRealisations);
    }
}
