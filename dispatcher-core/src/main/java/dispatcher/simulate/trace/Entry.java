package dispatcher.simulate.trace;

import dispatcher.nix.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// The members of one line. Each getter throws [TraceException] if the member has another type than it should.
/// Confined
/// to one thread.
final class Entry implements AutoCloseable {
    private static final double MAX_SECONDS = 1e9;

    private final int line;
    private final Map<String, Json> members;
    private final Set<String> known = new HashSet<>();

    Entry(int line, Json.Members members) {
        this.line = line;
        this.members = members.values();
    }

    TraceException fault(String message) {
        return new TraceException(line, message);
    }

    boolean has(String name) {
        return members.containsKey(name);
    }

    private Optional<Json> get(String name) {
        known.add(name);
        return Optional.ofNullable(members.get(name));
    }

    private TraceException missing(String name) {
        return fault("'%s' is missing".formatted(name));
    }

    String text(String name) {
        return optionalText(name).orElseThrow(() -> missing(name));
    }

    Optional<String> optionalText(String name) {
        return get(name).map(json -> {
            if (json instanceof Json.Text(var text) && !text.isBlank()) return text;
            throw fault("'%s' is %s, and should be text".formatted(name, json.print()));
        });
    }

    /// A whole number from 0 on.
    long count(String name, long otherwise) {
        return get(name)
                .map(json -> {
                    if (json instanceof Json.Numeral(var digits) && digits.matches("\\d{1,18}"))
                        return Long.parseLong(digits);
                    throw fault("'%s' is %s, and should be a whole number from 0 on".formatted(name, json.print()));
                })
                .orElse(otherwise);
    }

    int number(String name, int otherwise) {
        return get(name)
                .map(json -> {
                    if (json instanceof Json.Numeral(var digits) && digits.matches("-?\\d{1,10}")) {
                        long number = Long.parseLong(digits);
                        if (number == (int) number) return (int) number;
                    }
                    throw fault("'%s' is %s, and should be a whole number".formatted(name, json.print()));
                })
                .orElse(otherwise);
    }

    /// A number above 0.
    Optional<Double> positive(String name) {
        return get(name).map(json -> {
            double value = value(name, json);
            if (value > 0) return value;
            throw fault("'%s' is %s, and should be above 0".formatted(name, json.print()));
        });
    }

    private double value(String name, Json json) {
        if (json instanceof Json.Numeral(var digits)) {
            double value = Double.parseDouble(digits);
            if (value >= 0 && value <= 1e18) return value;
        }
        throw fault("'%s' is %s, and should be a number from 0 to 1e18".formatted(name, json.print()));
    }

    Duration seconds(String name) {
        return optionalSeconds(name).orElseThrow(() -> missing(name));
    }

    Optional<Duration> optionalSeconds(String name) {
        return get(name).map(json -> {
            double seconds = value(name, json);
            if (seconds <= MAX_SECONDS) return Duration.ofNanos(Math.round(seconds * 1e9));
            throw fault("'%s' is %s, and at most %.0f s are simulated".formatted(name, json.print(), MAX_SECONDS));
        });
    }

    List<String> texts(String name) {
        return get(name).map(json -> texts(name, json)).orElse(List.of());
    }

    private List<String> texts(String name, Json json) {
        var texts = new ArrayList<String>();
        if (json instanceof Json.Elements(var values))
            for (var value : values) if (value instanceof Json.Text(var text)) texts.add(text);
        if (json instanceof Json.Elements(var values) && values.size() == texts.size()) return texts;
        throw fault("'%s' should be an array of texts".formatted(name));
    }

    SortedMap<String, Long> amounts(String name) {
        var amounts = new TreeMap<String, Long>();
        get(name).ifPresent(json -> {
            if (!(json instanceof Json.Members(var values)))
                throw fault("'%s' should be an object of whole numbers".formatted(name));
            var inner = new Entry(line, new Json.Members(values));
            values.keySet().forEach(key -> amounts.put(key, inner.count(key, 0)));
        });
        return amounts;
    }

    /// @throws TraceException if there is a member that nobody asked for
    @Override
    public void close() {
        for (var name : members.keySet()) if (!known.contains(name)) throw fault("unknown member '%s'".formatted(name));
    }
}
