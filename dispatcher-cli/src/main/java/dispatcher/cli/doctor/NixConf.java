package dispatcher.cli.doctor;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// nix.conf as Nix itself reads it: all settings with their values, defaults included.
///
/// @param values by name; a value of several words has blanks between them
record NixConf(Map<String, String> values) {
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    NixConf {
        values = Map.copyOf(values);
    }

    /// Reads what `nix show-config` and `nix config show` print: `name = value` in a line each. A value that has lines
    /// of its own, such as `builders`, goes on in lines that are no setting.
    static NixConf parse(String text) {
        var values = new HashMap<String, String>();
        var last = "";
        for (var line : text.lines().toList()) {
            int equals = line.indexOf(" =");
            if (equals > 0 && line.substring(0, equals).matches("[a-z0-9-]+")) {
                last = line.substring(0, equals);
                values.put(last, line.substring(equals + 2).strip());
            } else if (!last.isEmpty() && !line.isBlank()) values.merge(last, line, (one, other) -> one + "\n" + other);
        }
        return new NixConf(values);
    }

    Optional<String> value(String name) {
        return Optional.ofNullable(values.get(name)).filter(text -> !text.isEmpty());
    }

    List<String> words(String name) {
        return value(name).map(text -> List.of(BLANKS.split(text))).orElse(List.of());
    }

    boolean is(String name, String value) {
        return value.equals(values.get(name));
    }
}
