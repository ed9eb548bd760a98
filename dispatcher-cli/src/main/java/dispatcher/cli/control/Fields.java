package dispatcher.cli.control;

import dispatcher.nix.json.Json;
import dispatcher.text.Printable;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The members of a request or an answer, each of the type that it should have.
///
/// All methods but [#flag], [#has] and [#names] throw `IllegalArgumentException`, with a message for people, where
/// there is no such
/// member or it has another type.
public record Fields(Json.Members members) {
    /// The same, with all names and texts made fit to be shown, each in one line.
    public Fields printable() {
        return new Fields(printable(members));
    }

    private static Json.Members printable(Json.Members object) {
        var shown = new HashMap<String, Json>();
        object.values().forEach((name, value) -> shown.put(Printable.line(name), printable(value)));
        return new Json.Members(shown);
    }

    private static Json printable(Json value) {
        return switch (value) {
            case Json.Text(var text) -> new Json.Text(Printable.joined(text));
            case Json.Members object -> printable(object);
            case Json.Elements(var values) ->
                new Json.Elements(values.stream().map(Fields::printable).toList());
            case Json.Null _, Json.Bool _, Json.Numeral _ -> value;
        };
    }

    public String text(String name) {
        if (get(name) instanceof Json.Text(var text)) return text;
        throw new IllegalArgumentException("'%s' is no text".formatted(name));
    }

    /// A whole number.
    public long number(String name) {
        try {
            if (get(name) instanceof Json.Numeral(var digits)) return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IllegalArgumentException("'%s' is no whole number".formatted(name));
    }

    /// Any number.
    public double decimal(String name) {
        if (get(name) instanceof Json.Numeral(var digits)) return Double.parseDouble(digits);
        throw new IllegalArgumentException("'%s' is no number".formatted(name));
    }

    /// Whether it is there, and its value is known.
    public boolean has(String name) {
        return members.get(name).filter(value -> !value.equals(Json.Null.NULL)).isPresent();
    }

    /// Whether it is there, and nobody knows its value.
    public boolean isUnknown(String name) {
        return members.get(name).filter(value -> value.equals(Json.Null.NULL)).isPresent();
    }

    /// A text that may be left away.
    public Optional<String> optionalText(String name) {
        return has(name) ? Optional.of(text(name)) : Optional.empty();
    }

    public Fields object(String name) {
        if (get(name) instanceof Json.Members object) return new Fields(object);
        throw new IllegalArgumentException("'%s' is no object".formatted(name));
    }

    /// The names of all members.
    public Set<String> names() {
        return members.values().keySet();
    }

    /// Whether it is there and true.
    public boolean flag(String name) {
        return members.get(name).filter(new Json.Bool(true)::equals).isPresent();
    }

    public List<String> texts(String name) {
        return elements(name).stream()
                .map(element -> {
                    if (element instanceof Json.Text(var text)) return text;
                    throw new IllegalArgumentException("'%s' has something that is no text".formatted(name));
                })
                .toList();
    }

    public List<Fields> objects(String name) {
        return elements(name).stream()
                .map(element -> {
                    if (element instanceof Json.Members object) return new Fields(object);
                    throw new IllegalArgumentException("'%s' has something that is no object".formatted(name));
                })
                .toList();
    }

    private List<Json> elements(String name) {
        if (get(name) instanceof Json.Elements(var values)) return values;
        throw new IllegalArgumentException("'%s' is no array".formatted(name));
    }

    private Json get(String name) {
        return members.get(name).orElseThrow(() -> new IllegalArgumentException("'%s' is missing".formatted(name)));
    }
}
