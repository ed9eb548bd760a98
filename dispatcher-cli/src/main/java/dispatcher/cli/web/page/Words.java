package dispatcher.cli.web.page;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.text.Printable;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Locale;

/// How pages show single values.
public final class Words {
    public static final Html DASH = Html.text("–");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final int HASH_AND_DASH = 33;

    private Words() {}

    /// How long ago that is, such as `3 min`; the script keeps it right. Without it: the time itself.
    public static Html age(Instant at) {
        return time(at, "age");
    }

    /// How long it is until then, such as `in 3 min`, or `3 min ago`; the script keeps it right.
    public static Html until(Instant at) {
        return time(at, "until");
    }

    /// The time of day; the script shows it in the zone of the browser.
    public static Html at(Instant at) {
        return time(at, "at");
    }

    private static Html time(Instant at, String kind) {
        return element(
                "time",
                Attribute.of("datetime", at.toString()),
                Attribute.of("data-time", kind),
                Html.text(TIME.format(at)));
    }

    public static Html bytes(long bytes) {
        return Html.text(Sizes.show(bytes));
    }

    /// A store path's name without the directory and the hash, with all of it as a tooltip.
    public static Html storePath(String path) {
        return element("span", cls("path"), Attribute.of("title", Printable.line(path)), Html.text(name(path)));
    }

    /// The same as a link.
    public static Html storePath(String path, String to) {
        return element(
                "a",
                cls("path"),
                Attribute.href(to),
                Attribute.of("title", Printable.line(path)),
                Html.text(name(path)));
    }

    /// A store path's name without the directory and the hash.
    public static String name(String path) {
        var base = path.substring(path.lastIndexOf('/') + 1);
        return base.length() > HASH_AND_DASH && base.charAt(HASH_AND_DASH - 1) == '-'
                ? base.substring(HASH_AND_DASH)
                : base;
    }

    /// Short names side by side; a dash if there is none.
    public static Html tags(Collection<String> names) {
        if (names.isEmpty()) return DASH;
        return element(
                "ul",
                cls("tags"),
                Html.all(names.stream().map(name -> element("li", name)).toList()));
    }

    /// A sentence of ours, in which commands and keys are between `` ` ``.
    public static Html advice(String sentence) {
        var parts = new ArrayList<Html>();
        var pieces = sentence.split("`", -1);
        for (int i = 0; i < pieces.length; i++) {
            boolean isCode = i % 2 == 1 && i < pieces.length - 1;
            if (isCode) parts.add(element("code", pieces[i]));
            else parts.add(Html.text(i % 2 == 1 ? "`" + pieces[i] : pieces[i]));
        }
        return Html.all(parts);
    }

    /// A word in a coloured box.
    ///
    /// @param mood `good`, `busy`, `warn`, `bad` or `off`
    public static Html badge(String mood, String word) {
        return element("span", cls("badge " + mood), Html.text(word));
    }

    public static Html link(String to, String text) {
        return element("a", Attribute.href(to), Html.text(text));
    }

    /// `1 build`, `2 builds`.
    public static String count(long number, String noun) {
        return number == 1 ? "1 " + noun : "%d %ss".formatted(number, noun);
    }
}
