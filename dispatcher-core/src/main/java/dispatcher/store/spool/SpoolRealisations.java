package dispatcher.store.spool;

import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.RealisationJson;
import dispatcher.store.StoreRefusedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// Which outputs of derivations the paths of a spool are said to be. Each is kept with its path and goes with it, and
/// a path has a bounded number of them: the oldest make room. Part of the index, and confined like that.
final class SpoolRealisations {
    /// Beside its text, which is kept twice in parts.
    private static final long OBJECTS = 500;

    /// By id. Two paths may be said to be the same output, as not all builds are reproducible.
    private final Map<RealisationId, List<Realisation>> known = new HashMap<>();

    List<Realisation> of(RealisationId id) {
        return List.copyOf(known.getOrDefault(id, List.of()));
    }

    /// Memory for one of them.
    static long weight(Realisation realisation) {
        return OBJECTS + 2L * RealisationJson.print(realisation).length();
    }

    static long weight(List<Realisation> realisations) {
        return realisations.stream().mapToLong(SpoolRealisations::weight).sum();
    }

    /// @throws StoreRefusedException if it is larger than what is kept
    static void requireBounded(Realisation realisation) throws StoreRefusedException {
        int length = RealisationJson.print(realisation).length();
        if (length > SpoolLimits.LONGEST_REALISATION)
            throw new StoreRefusedException("realisation '%s' of %d chars is longer than the %d that are kept"
                    .formatted(realisation.id(), length, SpoolLimits.LONGEST_REALISATION));
    }

    /// `all` of a path with `one` more. What is said twice keeps the signatures of both.
    static List<Realisation> with(List<Realisation> all, Realisation one) {
        var rest = new ArrayList<Realisation>();
        var signatures = new TreeSet<>(one.signatures());
        for (var before : all) {
            if (before.id().equals(one.id())) signatures.addAll(before.signatures());
            else rest.add(before);
        }
        while (signatures.size() > SpoolLimits.MOST_SIGNATURES) signatures.pollLast();
        rest.add(one.withSignatures(signatures));
        while (rest.size() > SpoolLimits.MOST_REALISATIONS) rest.removeFirst();
        return List.copyOf(rest);
    }

    /// A path has other ones now.
    ///
    /// @return how much more memory that is
    long change(List<Realisation> before, List<Realisation> now) {
        for (var realisation : before)
            known.computeIfPresent(realisation.id(), (_, of) -> of.remove(realisation) && of.isEmpty() ? null : of);
        for (var realisation : now)
            known.computeIfAbsent(realisation.id(), _ -> new ArrayList<>()).add(realisation);
        return weight(now) - weight(before);
    }
}
