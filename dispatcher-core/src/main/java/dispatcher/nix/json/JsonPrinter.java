package dispatcher.nix.json;

/// Prints JSON as Nix does: compactly, and characters beyond ASCII as they are.
final class JsonPrinter {
    private JsonPrinter() {}

    static void print(Json json, StringBuilder out) {
        switch (json) {
            case Json.Null _ -> out.append("null");
            case Json.Bool(var value) -> out.append(value);
            case Json.Numeral(var text) -> out.append(text);
            case Json.Text(var value) -> quote(value, out);
            case Json.Elements(var values) -> {
                out.append('[');
                var separator = "";
                for (var value : values) {
                    out.append(separator);
                    print(value, out);
                    separator = ",";
                }
                out.append(']');
            }
            case Json.Members(var values) -> {
                out.append('{');
                var separator = "";
                for (var member : values.entrySet()) {
                    out.append(separator);
                    quote(member.getKey(), out);
                    out.append(':');
                    print(member.getValue(), out);
                    separator = ",";
                }
                out.append('}');
            }
        }
    }

    static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) out.append("\\u%04x".formatted((int) c));
                    else out.append(c);
                }
            }
        }
        out.append('"');
    }
}
