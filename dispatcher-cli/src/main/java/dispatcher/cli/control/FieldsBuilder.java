package dispatcher.cli.control;

import dispatcher.nix.json.Json;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Makes the members of a request or an answer, as [Fields] reads them. Confined to one thread.
public final class FieldsBuilder {
    private static final int DECIMALS = 3;
    private final Map<String, Json> members = new HashMap<>();

    public FieldsBuilder text(String name, Object text) {
        return put(name, new Json.Text(text.toString()));
    }

    /// Left away if it is empty.
    public FieldsBuilder text(String name, Optional<?> text) {
        text.ifPresent(it -> text(name, it));
        return this;
    }

    public FieldsBuilder number(String name, long number) {
        return put(name, new Json.Numeral(Long.toString(number)));
    }

    /// To the thousandth. Left away if it is infinite.
    public FieldsBuilder decimal(String name, double number) {
        if (!Double.isFinite(number)) return this;
        var rounded = BigDecimal.valueOf(number).setScale(DECIMALS, RoundingMode.HALF_UP);
        var text = rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
        return put(name, new Json.Numeral(text));
    }

    /// There is such a thing, and nobody knows its value.
    public FieldsBuilder unknown(String name) {
        return put(name, Json.Null.NULL);
    }

    public FieldsBuilder flag(String name, boolean flag) {
        return put(name, new Json.Bool(flag));
    }

    public FieldsBuilder texts(String name, Collection<String> texts) {
        return put(
                name, new Json.Elements(texts.stream().<Json>map(Json.Text::new).toList()));
    }

    public FieldsBuilder objects(String name, Collection<Json.Members> objects) {
        return put(
                name,
                new Json.Elements(objects.stream().<Json>map(object -> object).toList()));
    }

    public FieldsBuilder object(String name, Json.Members object) {
        return put(name, object);
    }

    private FieldsBuilder put(String name, Json value) {
        members.put(name, value);
        return this;
    }

    public Json.Members build() {
        return new Json.Members(members);
    }
}
