package dispatcher.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.RealisationJson;
import java.util.Optional;

/// What clients have said of outputs that only a machine or the host has; those of the spool are kept there.
/// Forgotten with the process, or when there are too many. Safe for any thread.
final class HeldRealisations {
    private static final long MOST_CHARS = 4 << 20;

    private final Cache<RealisationId, Realisation> known = Caffeine.newBuilder()
            .maximumWeight(MOST_CHARS)
            .weigher((RealisationId _, Realisation realisation) ->
                    RealisationJson.print(realisation).length())
            .build();

    void add(Realisation realisation) {
        known.put(realisation.id(), realisation);
    }

    Optional<Realisation> of(RealisationId id) {
        return Optional.ofNullable(known.getIfPresent(id));
    }
}
