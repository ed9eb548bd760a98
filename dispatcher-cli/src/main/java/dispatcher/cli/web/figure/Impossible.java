package dispatcher.cli.web.figure;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.record.LoadAnswer;
import dispatcher.cli.api.record.LoadAnswer.Kind;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import java.util.Map;

/// The warning of builds that no machine can take. They do not wait, but for those that wait until machines have said
/// what they are.
final class Impossible {
    private static final String ID = "impossible";
    private static final int MOST_SHOWN = 50;

    private Impossible() {}

    /// @return an empty one if there are no such builds
    static Region region(LoadAnswer answer) {
        var kinds = answer.kinds().stream().filter(Impossible::isOne).toList();
        if (kinds.isEmpty()) return Region.of(ID);
        long refused = kinds.stream().mapToLong(Kind::refused).sum();
        var grid = new Grid(
                "unfit",
                "Builds that no machine can take",
                "Needs",
                "Refused",
                "Wait now",
                "Machines of that kind now",
                "What to do");
        kinds.stream().limit(MOST_SHOWN).forEach(kind -> row(grid, kind));
        return Region.of(
                ID,
                element(
                        "div",
                        cls("warning"),
                        element("h2", "Builds that no machine can take"),
                        element(
                                "p",
                                Html.text(
                                        refused == 0
                                                ? "No machine of this kind is known. "
                                                : "%s refused since then; their clients got an error. "
                                                        .formatted(
                                                                refused == 1
                                                                        ? "1 build was"
                                                                        : refused + " builds were")),
                                Words.link(
                                        PageRequest.link("/builds", Map.of("outcome", "refused")),
                                        "Which builds, and why"))),
                grid.table());
    }

    private static boolean isOne(Kind kind) {
        return kind.refused() > 0 || (kind.machines() == 0 && kind.waiting() > 0);
    }

    private static void row(Grid grid, Kind kind) {
        grid.row(
                LoadWords.needs(kind),
                Html.text(LoadWords.needs(kind)),
                Html.text(kind.refused()),
                Html.text(kind.waiting()),
                Html.text(kind.machines()),
                Html.text(next(kind)));
    }

    private static String next(Kind kind) {
        if (kind.machines() > 0)
            return "if none is refused any more, nothing; else see why: it may need more memory than they have";
        return kind.features().isEmpty()
                ? "add a machine for %s, or this system to `systems` of one".formatted(kind.system())
                : "add a machine for %s with all of these features, or the features to one".formatted(kind.system());
    }
}
