package dispatcher.nix.json;

import dispatcher.text.Printable;

/// Prints JSON as Nix does: compactly, and characters beyond ASCII as they are. Confined to one thread.
final class JsonPrinter {
    private static final char REPLACEMENT = '\ufffd';

    private final StringBuilder out;
    private final boolean shown;

    /// @param shown whether all is escaped that a terminal would act upon
    JsonPrinter(StringBuilder out, boolean shown) {
        this.out = out;
        this.shown = shown;
    }

    void print(Json json) {
        switch (json) {
            case Json.Null _ -> out.append("null");
            case Json.Bool(var value) -> out.append(value);
            case Json.Numeral(var text) -> out.append(text);
            case Json.Text(var value) -> quote(value);
            case Json.Elements(var values) -> {
                out.append('[');
                var separator = "";
                for (var value : values) {
                    out.append(separator);
                    print(value);
                    separator = ",";
                }
                out.append(']');
            }
            case Json.Members(var values) -> {
                out.append('{');
                var separator = "";
                for (var member : values.entrySet()) {
                    out.append(separator);
                    quote(member.getKey());
                    out.append(':');
                    print(member.getValue());
                    separator = ",";
                }
                out.append('}');
            }
        }
    }

    void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (shown && c >= 0x7f) {
                int point = text.codePointAt(i);
                show(point);
                i += Character.charCount(point) - 1;
                continue;
            }
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

    private void show(int point) {
        if (!Printable.isOdd(point)) out.appendCodePoint(point);
        else if (Character.getType(point) == Character.SURROGATE) out.append(REPLACEMENT);
        else for (char unit : Character.toChars(point)) out.append("\\u%04x".formatted((int) unit));
    }
}
