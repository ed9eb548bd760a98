package dispatcher.cli.web.html;

import dispatcher.text.Printable;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Markup that can be sent as it is. It is only made by the methods here, which escape what is given to them; so
/// words of clients and machines are text, whatever they hold. Immutable.
public final class Html implements Part {
    public static final Html NOTHING = new Html("");
    private static final Pattern TAG = Pattern.compile("[a-z][a-z0-9]*");
    private static final Set<String> WITHOUT_END = Set.of("br", "hr", "input", "link", "meta");

    private final String markup;

    private Html(String markup) {
        this.markup = markup;
    }

    /// Text, with its control characters shown as escapes.
    public static Html text(String text) {
        return new Html(escape(Printable.lines(text)));
    }

    public static Html text(long number) {
        return new Html(Long.toString(number));
    }

    /// An element.
    ///
    /// @param parts its attributes, and what is in it, in their order
    public static Html element(String tag, Part... parts) {
        if (!TAG.matcher(tag).matches()) throw new IllegalArgumentException("'%s' is no element".formatted(tag));
        var out = new StringBuilder("<").append(tag);
        for (var part : parts) if (part instanceof Attribute attribute) append(attribute, out);
        out.append('>');
        if (WITHOUT_END.contains(tag)) return new Html(out.toString());
        for (var part : parts) if (part instanceof Html inner) out.append(inner.markup);
        return new Html(out.append("</").append(tag).append('>').toString());
    }

    /// The same with one text in it.
    public static Html element(String tag, String text) {
        return element(tag, text(text));
    }

    public static Html all(List<Html> parts) {
        var out = new StringBuilder();
        for (var part : parts) out.append(part.markup);
        return new Html(out.toString());
    }

    public static Html all(Html... parts) {
        return all(List.of(parts));
    }

    public static Html of(Optional<Html> part) {
        return part.orElse(NOTHING);
    }

    /// A whole document.
    ///
    /// @param root the `html` element
    public static Html document(Html root) {
        return new Html("<!doctype html>\n" + root.markup);
    }

    private static void append(Attribute attribute, StringBuilder out) {
        out.append(' ').append(attribute.name());
        if (!attribute.value().isEmpty())
            out.append("=\"").append(escape(attribute.value())).append('"');
    }

    private static String escape(String text) {
        var out = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                case '\0' -> out.append('\uFFFD');
                default -> out.append(c);
            }
        }
        return out.toString();
    }

    public boolean isEmpty() {
        return markup.isEmpty();
    }

    /// The markup itself.
    @Override
    public String toString() {
        return markup;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Html html && html.markup.equals(markup);
    }

    @Override
    public int hashCode() {
        return markup.hashCode();
    }
}
