package dispatcher.simulate.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.nix.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// The members of one line. Each getter throws [TraceException] if the member has another type than it should.
/// Confined to
/// one thread.
final class Entry implements AutoCloseable {
    private static final double MAX_SECONDS = 1e9;
    private static final long MAX_COUNT = 999_999_999_999_999_999L;

    private final int line;
    private final ObjectNode members;
    private final Set<String> known = new HashSet<>();

    Entry(int line, ObjectNode members) {
        this.line = line;
        this.members = members;
    }

    TraceException fault(String message) {
        return new TraceException(line, message);
    }

    boolean has(String name) {
        return members.has(name);
    }

    private Optional<JsonNode> get(String name) {
        known.add(name);
        return members.optional(name);
    }

    private TraceException missing(String name) {
        return fault("'%s' is missing".formatted(name));
    }

    String text(String name) {
        return optionalText(name).orElseThrow(() -> missing(name));
    }

    Optional<String> optionalText(String name) {
        return get(name).map(json -> {
            if (json.isTextual() && !json.textValue().isBlank()) return json.textValue();
            throw fault("'%s' is %s, and should be text".formatted(name, Json.print(json)));
        });
    }

    /// A whole number from 0 on.
    long count(String name, long otherwise) {
        return get(name)
                .map(json -> {
                    if (json.isIntegralNumber() && json.canConvertToLong()) {
                        long count = json.longValue();
                        if (count >= 0 && count <= MAX_COUNT) return count;
                    }
                    throw fault("'%s' is %s, and should be a whole number from 0 on".formatted(name, Json.print(json)));
                })
                .orElse(otherwise);
    }

    int number(String name, int otherwise) {
        return get(name)
                .map(json -> {
                    if (json.isInt()) return json.intValue();
                    throw fault("'%s' is %s, and should be a whole number".formatted(name, Json.print(json)));
                })
                .orElse(otherwise);
    }

    /// A number above 0.
    Optional<Double> positive(String name) {
        return get(name).map(json -> {
            double value = value(name, json);
            if (value > 0) return value;
            throw fault("'%s' is %s, and should be above 0".formatted(name, Json.print(json)));
        });
    }

    private double value(String name, JsonNode json) {
        if (json.isNumber()) {
            double value = json.doubleValue();
            if (value >= 0 && value <= 1e18) return value;
        }
        throw fault("'%s' is %s, and should be a number from 0 to 1e18".formatted(name, Json.print(json)));
    }

    Duration seconds(String name) {
        return optionalSeconds(name).orElseThrow(() -> missing(name));
    }

    Optional<Duration> optionalSeconds(String name) {
        return get(name).map(json -> {
            double seconds = value(name, json);
            if (seconds <= MAX_SECONDS) return Duration.ofNanos(Math.round(seconds * 1e9));
            throw fault("'%s' is %s, and at most %.0f s are simulated".formatted(name, Json.print(json), MAX_SECONDS));
        });
    }

    List<String> texts(String name) {
        return get(name).map(json -> texts(name, json)).orElse(List.of());
    }

    private List<String> texts(String name, JsonNode json) {
        var texts = new ArrayList<String>();
        for (var element : json) if (element.isTextual()) texts.add(element.textValue());
        if (json.isArray() && json.size() == texts.size()) return texts;
        throw fault("'%s' should be an array of texts".formatted(name));
    }

    SortedMap<String, Long> amounts(String name) {
        var amounts = new TreeMap<String, Long>();
        get(name).ifPresent(json -> {
            if (!(json instanceof ObjectNode values))
                throw fault("'%s' should be an object of whole numbers".formatted(name));
            var inner = new Entry(line, values);
            values.fieldNames().forEachRemaining(key -> amounts.put(key, inner.count(key, 0)));
        });
        return amounts;
    }

    /// @throws TraceException if there is a member that no getter was called for
    @Override
    public void close() {
        members.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) throw fault("unknown member '%s'".formatted(name));
        });
    }
}
