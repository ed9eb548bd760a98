package dispatcher.cli.web.build;

import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.PlacementAnswer;
import dispatcher.cli.api.record.PlacementAnswer.Points;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Links;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import dispatcher.schedule.policy.Amounts;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The machines that a build was on, and why it went to each of them, as it was then.
record Placements(BuildAnswer build) {
    private static final Html NO_HISTORY = Html.text("no history");

    Region attempts() {
        var grid = new Grid("tries", "Machines that it was on", "Machine", "Began", "Why there", "Why it left");
        int number = 0;
        for (var attempt : build.attempts())
            grid.row(
                    Integer.toString(number++),
                    Links.machine(attempt.machine()),
                    Words.at(attempt.began()),
                    Html.text(attempt.reason()),
                    attempt.lost()
                            .or(() -> attempt.moved().map(who -> "moved to another machine " + who))
                            .map(Html::text)
                            .orElse(Words.DASH));
        return Region.of(
                "attempts",
                element("h2", "Machines"),
                grid.size() == 0 ? element("p", "It has been given to no machine.") : grid.table());
    }

    Region explanations() {
        var placements = build.placements().orElse(List.of());
        if (placements.isEmpty()) return Region.of("placements");
        var parts = new ArrayList<Html>();
        parts.add(element("h2", "Why there"));
        for (int i = 0; i < placements.size(); i++) parts.add(explanation(placements.get(i), i));
        return Region.of("placements", parts.toArray(Html[]::new));
    }

    private static Html explanation(PlacementAnswer placement, int number) {
        var points = new Grid(
                "points-" + number,
                "What spoke for " + placement.machine() + " and for the others that had a free slot",
                "Machine",
                "Score (least wins)",
                "Finish",
                "Start-up",
                "Copying",
                "Lacked",
                "Building",
                "Slots taken",
                "Speed",
                "Note");
        row(points, placement.chosen(), "chosen");
        for (var other : placement.others())
            row(points, other, other.spared() ? "spared for builds that need more: counts double" : "");
        long notShown = placement.free() - placement.others().size();
        return element(
                "div",
                element("h3", "%s, of %s".formatted(placement.machine(), Words.count(placement.machines(), "machine"))),
                points.table(),
                notShown > 0
                        ? element("p", Words.count(notShown, "more machine") + " had a free slot too.")
                        : Html.NOTHING,
                objections(placement, number));
    }

    private static void row(Grid grid, Points points, String words) {
        grid.row(
                points.name(),
                Links.machine(points.name()),
                points.score().map(it -> Html.text(it.toPlainString())).orElse(NO_HISTORY),
                seconds(points.finish(), NO_HISTORY),
                seconds(points.boot(), Words.DASH),
                Html.text(Amounts.seconds(points.copy().doubleValue())),
                points.copyBytes() == 0 ? Words.DASH : Words.bytes(points.copyBytes()),
                seconds(points.build(), NO_HISTORY),
                Html.text("%d of %d".formatted(points.slotsTaken(), points.slots())),
                Html.text(Amounts.factor(points.speed().doubleValue())),
                Html.text(words));
    }

    private static Html seconds(Optional<BigDecimal> seconds, Html none) {
        return seconds.map(it -> Html.text(Amounts.seconds(it.doubleValue()))).orElse(none);
    }

    private static Html objections(PlacementAnswer placement, int number) {
        if (placement.objections().isEmpty()) return Html.NOTHING;
        var grid = new Grid("objections-" + number, "What the other machines lacked", "What it lacked", "Machines");
        placement.objections().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .forEach(reason -> grid.row(reason.getKey(), Html.text(reason.getKey()), Html.text(reason.getValue())));
        return Html.all(element("h4", "What the other machines lacked"), grid.table());
    }
}
