package dispatcher.it;

import java.util.LinkedHashMap;
import java.util.Map;

/// The `key=value` lines that the fleet's scripts print.
final class Facts {

    private Facts() {}

    /// Where a key has several lines the last one counts.
    static Map<String, String> parse(String text) {
        Map<String, String> facts = new LinkedHashMap<>();
        text.lines().forEach(line -> {
            int equals = line.indexOf('=');
            if (equals > 0) {
                facts.put(line.substring(0, equals), line.substring(equals + 1));
            }
        });
        return facts;
    }
}
