package dispatcher.cli.web;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// What of a request decides who is asking.
///
/// @param peer    where the connection comes from
/// @param headers all values of a header
record Asker(InetAddress peer, Function<String, List<String>> headers) {
    /// The value of a header that is there once.
    Optional<String> header(String name) {
        var values = headers.apply(name);
        return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
    }

    boolean has(String name) {
        return !headers.apply(name).isEmpty();
    }

    /// A cookie; the first of that name.
    Optional<String> cookie(String name) {
        return headers.apply("Cookie").stream()
                .flatMap(line -> List.of(line.split(";", -1)).stream())
                .map(String::strip)
                .filter(pair -> pair.startsWith(name + "="))
                .map(pair -> pair.substring(name.length() + 1))
                .findFirst();
    }
}
