package dispatcher.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.StorePath;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// What machines have promised the sessions of each client to fetch, and whether the client copies or builds. A client
/// that copies, as `nix copy --substitute-on-destination` does, may leave as soon as it hears that a path is valid, and
/// ask for it in its next session at once.
///
/// Bounded: the promises of open sessions, each at most [RetainedOutputs#MOST_PATHS], and 1,000 clients that copy. Safe
/// for any thread.
final class ClientPromises {
    private static final int MOST_CLIENTS = 1000;

    private record Key(String credential, StorePath path) {}

    /// @param session to which it was promised
    private record Promise(PromisedPaths session, String machine) {}

    private final Map<Key, Promise> promises = new ConcurrentHashMap<>();

    /// Credentials of clients whose last session with promises was one without builds.
    private final Cache<String, Boolean> copying =
            Caffeine.newBuilder().maximumSize(MOST_CLIENTS).build();

    void add(String credential, StorePath path, PromisedPaths session, String machine) {
        promises.put(new Key(credential, path), new Promise(session, machine));
    }

    /// The session is over.
    void remove(String credential, StorePath path, PromisedPaths session) {
        promises.computeIfPresent(new Key(credential, path), (_, known) -> known.session() == session ? null : known);
    }

    /// The machine that has promised the path to another open session of the same client.
    Optional<String> byOthers(String credential, StorePath path, PromisedPaths session) {
        return Optional.ofNullable(promises.get(new Key(credential, path)))
                .filter(known -> known.session() != session)
                .map(Promise::machine);
    }

    // ---- what clients do

    void builds(String credential) {
        copying.invalidate(credential);
    }

    void copies(String credential) {
        copying.put(credential, true);
    }

    boolean isCopying(String credential) {
        return copying.getIfPresent(credential) != null;
    }
}
