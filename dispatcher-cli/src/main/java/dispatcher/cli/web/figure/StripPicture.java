package dispatcher.cli.web.figure;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.web.figure.Strip.Bar;
import dispatcher.cli.web.figure.Strip.Kind;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.schedule.policy.Amounts;
import dispatcher.text.Printable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A strip as a picture. Kinds of bars differ in height and outline too, not only in colour.
///
/// Names of SVG's attributes are in lower case here; browsers know which of them have capitals.
final class StripPicture {
    private static final int LANE = 9;
    private static final int PARTS = 4;

    private StripPicture() {}

    /// @param words what it shows, for all who do not see it
    static Html of(Strip strip, Strip.Scale scale, String words) {
        int height = Math.max(1, strip.lanes().size()) * LANE;
        var parts = new ArrayList<Html>();
        parts.add(ticks(height));
        for (int lane = 0; lane < strip.lanes().size(); lane++)
            for (var bar : strip.lanes().get(lane)) parts.add(bar(bar, lane * LANE, scale));
        return element(
                "svg",
                cls("strip"),
                Attribute.of("viewbox", "0 0 %d %d".formatted(Strip.WIDTH, height)),
                Attribute.of("preserveaspectratio", "none"),
                Attribute.of("height", Integer.toString(height)),
                Attribute.of("role", "img"),
                Attribute.of("aria-label", Printable.line(words)),
                Html.all(parts));
    }

    private static Html ticks(int height) {
        var path = new StringBuilder();
        for (int part = 1; part < PARTS; part++) path.append("M%d 0V%d".formatted(part * Strip.WIDTH / PARTS, height));
        return element("path", cls("tick"), Attribute.of("d", path.toString()));
    }

    private static Html bar(Bar bar, int top, Strip.Scale scale) {
        boolean isTall = bar.kind() == Kind.FAILED || bar.kind() == Kind.LOST;
        return rect(
                bar.kind(), bar.left(), isTall ? top : top + 2, bar.right() - bar.left(), isTall, title(bar, scale));
    }

    private static Html rect(Kind kind, int left, int top, int width, boolean isTall, Html title) {
        return element(
                "rect",
                cls("bar " + kind.name().toLowerCase(Locale.ROOT)),
                Attribute.of("x", Integer.toString(left)),
                Attribute.of("y", Integer.toString(top)),
                Attribute.of("width", Integer.toString(width)),
                Attribute.of("height", Integer.toString(isTall ? LANE - 1 : LANE - 4)),
                title);
    }

    private static Html title(Bar bar, Strip.Scale scale) {
        if (bar.builds() > 1)
            return element(
                    "title",
                    bar.bad() == 0
                            ? "%d builds".formatted(bar.builds())
                            : "%d builds, %d of them failed or lost".formatted(bar.builds(), bar.bad()));
        var build = bar.first();
        var took = Duration.between(build.from(), build.to().orElse(scale.to()));
        return element(
                "title",
                "%s of %s: %s, %s"
                        .formatted(
                                build.name(),
                                build.client(),
                                build.outcome(),
                                build.to().isPresent() ? Amounts.seconds(took.toMillis() / 1000.0) : "goes on"));
    }

    /// What the bars mean.
    static Html legend() {
        return element(
                "ul",
                cls("legend"),
                Html.all(List.of(
                        sample(Kind.BUILT, "built"),
                        sample(Kind.RUNNING, "goes on"),
                        sample(Kind.FAILED, "failed"),
                        sample(Kind.LOST, "attempt lost: its machine broke"),
                        sample(Kind.OTHER, "given up, or moved"))));
    }

    private static Html sample(Kind kind, String words) {
        boolean isTall = kind == Kind.FAILED || kind == Kind.LOST;
        return element(
                "li",
                element(
                        "svg",
                        cls("sample"),
                        Attribute.of("width", "24"),
                        Attribute.of("height", Integer.toString(LANE)),
                        Attribute.of("aria-hidden", "true"),
                        rect(kind, 1, isTall ? 0 : 2, 22, isTall, Html.NOTHING)),
                element("span", words));
    }
}
