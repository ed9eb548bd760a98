package dispatcher.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import java.util.Collection;
import java.util.Optional;

/// How outputs were built lately, for when the only machine that has one goes away: its client may long have fetched
/// it, but builds that depend on it still need it. Bounded by the size of the derivations; safe for any thread.
final class RebuildCache {
    /// Of derivations, in bytes.
    private static final long MOST_BYTES = 16 << 20;

    private static final int OBJECTS = 500;
    private static final int PATH = 200;
    private static final int STRING = 50;

    private final Cache<StorePath, Recipe> recipes = Caffeine.newBuilder()
            .maximumWeight(MOST_BYTES)
            .weigher((StorePath _, Recipe recipe) -> weight(recipe.derivation()))
            .build();

    void add(Collection<StorePath> outputs, Recipe recipe) {
        for (var output : outputs) recipes.put(output, recipe);
    }

    Optional<Recipe> of(StorePath output) {
        return Optional.ofNullable(recipes.getIfPresent(output));
    }

    /// What an output's content is known to be from the derivation that made it.
    Optional<DerivationOutput.Fixed> fixed(StorePath output) {
        return of(output)
                .flatMap(recipe -> recipe.derivation().outputs().values().stream()
                        .filter(DerivationOutput.Fixed.class::isInstance)
                        .map(DerivationOutput.Fixed.class::cast)
                        .filter(fixed -> fixed.outPath().equals(output))
                        .findFirst());
    }

    private static int weight(BasicDerivation derivation) {
        int bytes = OBJECTS
                + PATH
                        * (derivation.inputSources().size()
                                + 2 * derivation.outputs().size())
                + derivation.platform().length()
                + derivation.builder().length();
        for (var argument : derivation.arguments()) bytes += STRING + argument.length();
        for (var variable : derivation.environment().entrySet())
            bytes += 2 * STRING
                    + variable.getKey().length()
                    + variable.getValue().length();
        return bytes;
    }
}
