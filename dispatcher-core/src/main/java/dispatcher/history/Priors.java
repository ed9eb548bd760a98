package dispatcher.history;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.history.Estimate.Basis;
import dispatcher.nix.attributes.PackageName;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/// What builds took, for packages that have not been built yet: those whose names begin alike, as
/// `python3.12-requests` and `python3.12-six` do, those of the same client for a system, all for a system, and all.
///
/// Bounded: 5,000 beginnings of names, 1,000 clients, and 100 systems; about 1 MB. What is known of clients is not
/// written down. Safe for any thread.
final class Priors {
    private static final int MOST_KIN = 5_000;
    private static final int MOST_CLIENTS = 1_000;
    private static final int MOST_SYSTEMS = 100;
    private static final int WINDOW = 101;
    private static final int KIN_WINDOW = 31;
    /// Fewer may all be one package.
    private static final int LEAST_KIN = 3;
    /// Nor do a few builds show what a client has built otherwise.
    private static final int LEAST_OF_CLIENT = 5;

    /// Seconds of builds on a machine of speed 1; so are the others.
    private final Cache<Kin, Window> kin =
            Caffeine.newBuilder().maximumSize(MOST_KIN).build();

    private final Cache<Asked, Window> clients =
            Caffeine.newBuilder().maximumSize(MOST_CLIENTS).build();

    private final Map<String, Window> systems = new ConcurrentHashMap<>();
    private final Map<Basis, Window> all = new ConcurrentHashMap<>();

    /// @param client as [dispatcher.access.ClientIdentity#origin]
    private record Asked(String client, String system) {}

    /// Packages whose names begin alike.
    private record Kin(String word, String system) {
        private static final String FETCH = ":fetch";

        /// The first word of a name, without the version at its end. What only fetches something is akin to all
        /// such.
        static Kin of(PackageName name, String system) {
            var text = name.text();
            if (text.endsWith(FETCH)) return new Kin(FETCH, system);
            int dash = text.indexOf('-', 1);
            var word = dash < 0 ? text : text.substring(0, dash);
            int end = word.length();
            while (end > 1 && (isDigit(word.charAt(end - 1)) || word.charAt(end - 1) == '.')) end--;
            return new Kin(word.substring(0, end), system);
        }

        private static boolean isDigit(char c) {
            return c >= '0' && c <= '9';
        }
    }

    /// Notes how long a build took: seconds, as on a machine of speed 1.
    void add(PackageName name, String system, double seconds) {
        put(kin.asMap(), Kin.of(name, system), seconds, KIN_WINDOW);
        if (systems.size() < MOST_SYSTEMS || systems.containsKey(system)) put(systems, system, seconds, WINDOW);
        put(all, Basis.ALL, seconds, WINDOW);
    }

    /// The same for the client that asked for it.
    void addFor(String client, String system, double seconds) {
        put(clients.asMap(), new Asked(client, system), seconds, KIN_WINDOW);
    }

    private static <K> void put(Map<K, Window> windows, K key, double seconds, int limit) {
        windows.merge(key, Window.EMPTY.with(seconds, limit), (before, one) -> before.with(one.get(0), limit));
    }

    /// From the best that is known; empty if nothing is.
    ///
    /// @param client who asks, if that is known
    Optional<Estimate> estimate(PackageName name, String system, Optional<String> client) {
        return Optional.ofNullable(kin.getIfPresent(Kin.of(name, system)))
                .filter(window -> window.size() >= LEAST_KIN)
                .map(window -> estimate(window, Basis.KIN))
                .or(() -> client.map(who -> clients.getIfPresent(new Asked(who, system)))
                        .filter(window -> window.size() >= LEAST_OF_CLIENT)
                        .map(window -> estimate(window, Basis.CLIENT)))
                .or(() -> Optional.ofNullable(systems.get(system)).map(window -> estimate(window, Basis.SYSTEM)))
                .or(() -> Optional.ofNullable(all.get(Basis.ALL)).map(window -> estimate(window, Basis.ALL)));
    }

    private static Estimate estimate(Window window, Basis basis) {
        return Estimate.of(window.toArray(), OptionalLong.empty(), basis);
    }
}
