package dispatcher.access;

import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Connections that have not logged in yet, by address. Confined to one thread at a time.
final class Lobby<T> {
    private final Predicate<T> promising;

    /// In the order of arrival.
    private final Set<T> all = new LinkedHashSet<>();

    /// By address, in the order of arrival.
    private final Map<String, Set<T>> waiting = new HashMap<>();

    /// @param promising whether a login seems likely
    Lobby(Predicate<T> promising) {
        this.promising = promising;
    }

    void add(String address, T one) {
        waiting.computeIfAbsent(address, _ -> new LinkedHashSet<>()).add(one);
        all.add(one);
    }

    void remove(String address, T one) {
        var here = waiting.get(address);
        if (here == null || !here.remove(one)) return;
        all.remove(one);
        if (here.isEmpty()) waiting.remove(address);
    }

    int size() {
        return all.size();
    }

    int size(String address) {
        var here = waiting.get(address);
        return here == null ? 0 : here.size();
    }

    /// Where they come from.
    Set<String> addresses() {
        return Collections.unmodifiableSet(waiting.keySet());
    }

    /// The visit that is longest here without looking promising; if all look so, the longest of all.
    Optional<T> oldest() {
        return oldest(all);
    }

    /// The same of those from `address`.
    Optional<T> oldest(String address) {
        return oldest(waiting.getOrDefault(address, Set.of()));
    }

    private Optional<T> oldest(Set<T> inOrder) {
        return inOrder.stream()
                .filter(promising.negate())
                .findFirst()
                .or(() -> inOrder.stream().findFirst());
    }
}
