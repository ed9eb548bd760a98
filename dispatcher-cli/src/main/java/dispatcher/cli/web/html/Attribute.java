package dispatcher.cli.web.html;

import java.util.Set;
import java.util.regex.Pattern;

/// An attribute of an element. Scripts and styles cannot be written as attributes, and links lead to this server
/// only.
///
/// @param value as it is meant, not escaped
public record Attribute(String name, String value) implements Part {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");
    private static final Pattern LOCAL = Pattern.compile("(?:/(?![/\\\\])|[?#]).*", Pattern.DOTALL);
    private static final Set<String> LINKS = Set.of("href", "src", "action", "formaction");

    public Attribute {
        if (!NAME.matcher(name).matches() || name.startsWith("on") || name.equals("style"))
            throw new IllegalArgumentException("'%s' is no attribute of ours".formatted(name));
        if (LINKS.contains(name) && !isLocal(value))
            throw new IllegalArgumentException("'%s' does not lead to this server".formatted(value));
    }

    /// Whether a link leads to this server, whatever a browser makes of it.
    public static boolean isLocal(String link) {
        return LOCAL.matcher(link).matches() && link.chars().noneMatch(c -> c < ' ');
    }

    public static Attribute of(String name, String value) {
        return new Attribute(name, value);
    }

    /// One whose presence is all that counts, such as `hidden`.
    public static Attribute flag(String name) {
        return new Attribute(name, "");
    }

    public static Attribute id(String value) {
        return new Attribute("id", value);
    }

    /// @param names of classes, with blanks between them
    public static Attribute cls(String names) {
        return new Attribute("class", names);
    }

    public static Attribute href(String value) {
        return new Attribute("href", value);
    }
}
