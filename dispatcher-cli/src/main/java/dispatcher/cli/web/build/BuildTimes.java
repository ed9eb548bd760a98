package dispatcher.cli.web.build;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildAnswer.Stage;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import dispatcher.schedule.policy.Amounts;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// When a build came how far: a table, and a bar with the same stages in the same order.
///
/// @param now where the bar of a build that goes on ends
record BuildTimes(BuildAnswer build, Instant now) {
    private static final double STEP = 1.1;
    private static final double SHORTEST_BAR = 0.3;

    Region region() {
        return Region.of("times", element("h2", "Times"), bar(), stamps(), element("h2", "Waiting by cause"), waits());
    }

    /// Without text for screen readers, as the table says the same.
    private Html bar() {
        var end = end();
        var stages = build.stages();
        double all = Math.max(1, Duration.between(build.asked(), end).toMillis());
        var parts = new ArrayList<Html>();
        for (var stage : stages) {
            double from = Duration.between(build.asked(), stage.from()).toMillis() / all * 100;
            double length =
                    Duration.between(stage.from(), stage.to().orElse(end)).toMillis() / all * 100;
            parts.add(element(
                    "rect",
                    cls("stage-" + stage.name()),
                    Attribute.of("x", percent(from)),
                    Attribute.of("width", percent(Math.max(SHORTEST_BAR, length))),
                    Attribute.of("height", "100%"),
                    element("title", words(stage))));
        }
        return element("svg", cls("stages"), Attribute.of("aria-hidden", "true"), Html.all(parts));
    }

    private static String percent(double value) {
        return String.format(Locale.ROOT, "%.2f%%", Math.clamp(value, 0, 100));
    }

    /// Of a build that goes on, a time that changes seldom: the page is sent again when it does.
    private Instant end() {
        var last = build.stages().stream()
                .flatMap(stage -> stage.to().stream())
                .max(Instant::compareTo)
                .orElse(build.asked());
        boolean goesOn = build.stages().stream().anyMatch(stage -> stage.to().isEmpty());
        if (!goesOn) return build.ended().filter(last::isBefore).orElse(last);
        double seconds = Math.max(1, Duration.between(build.asked(), now).toMillis() / 1000.0);
        double shown = Math.pow(STEP, Math.ceil(Math.log(seconds) / Math.log(STEP)));
        var end = build.asked().plusMillis(Math.round(shown * 1000));
        return end.isBefore(last) ? last : end;
    }

    private Html stamps() {
        var grid = new Grid("stamps", "When it came how far", "Stage", "At", "Took");
        var rows = new ArrayList<Stamp>();
        rows.add(Stamp.at("asked for", build.asked()));
        for (var stage : build.stages()) {
            rows.add(new Stamp(words(stage), stage.from(), took(stage)));
            if (stage.name().equals("queue") && !build.attempts().isEmpty())
                stage.to().ifPresent(at -> rows.add(Stamp.at("placed", at)));
        }
        build.ended().ifPresent(at -> rows.add(beforeCopyOut(rows), Stamp.at("done", at)));
        for (int i = 0; i < rows.size(); i++) {
            var row = rows.get(i);
            grid.row(Integer.toString(i), Html.text(row.what), Words.at(row.at), row.took);
        }
        return grid.table();
    }

    private record Stamp(String what, Instant at, Html took) {
        static Stamp at(String what, Instant at) {
            return new Stamp(what, at, Words.DASH);
        }
    }

    /// Clients fetch outputs when the build is over.
    private int beforeCopyOut(List<Stamp> rows) {
        boolean fetched = build.stages().stream().anyMatch(stage -> stage.name().equals("copy-out"));
        return fetched ? rows.size() - 1 : rows.size();
    }

    private static Html took(Stage stage) {
        return stage.to()
                .map(to -> Html.text(Amounts.seconds(
                        Math.max(0, Duration.between(stage.from(), to).toMillis() / 1000.0))))
                .orElseGet(() -> Html.all(Words.age(stage.from()), Html.text(" so far")));
    }

    private static String words(Stage stage) {
        return switch (stage.name()) {
            case "equal-build" -> "waiting for an equal build";
            case "queue" -> "queued";
            case "copy-in" -> "copying inputs in";
            case "build" -> "building";
            case "copy-out" -> "copying outputs out";
            default -> stage.name();
        };
    }

    private Html waits() {
        var waited = build.waited();
        var grid = new Grid("waits", "What it waited for", "Cause", "Time");
        wait(grid, "an equal build", waited.equalBuild());
        wait(grid, "a free slot", waited.slot());
        wait(grid, "a machine that was away or being started", waited.awayMachine());
        wait(grid, "inputs on their way to the machine", waited.copyingIn());
        wait(grid, "outputs on their way to the client", waited.copyingOut());
        return Outcomes.goesOn(build)
                ? Html.all(grid.table(), element("p", "A wait counts when it is over."))
                : grid.table();
    }

    private static void wait(Grid grid, String cause, BigDecimal seconds) {
        grid.row(cause, Html.text(cause), Html.text(Amounts.seconds(seconds.doubleValue())));
    }
}
