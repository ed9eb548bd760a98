package dispatcher.simulate.chart;

import dispatcher.simulate.Run;
import dispatcher.simulate.Span;
import dispatcher.simulate.figures.Figures;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/// Gantt charts of runs of one scenario, one below the other on the same axis of time, as one SVG document. A
/// machine is a row, its slots are lines in it; a build has the colour of its client, paler while it is
/// connected and its inputs are copied and while its outputs are fetched; what is lost is hatched.
public final class Gantt {
    private static final int LEFT = 110;
    private static final int WIDTH = 1100;
    private static final int RIGHT = 30;
    private static final int HEAD = 64;
    private static final int PANEL_HEAD = 34;
    private static final int PANEL_FOOT = 30;
    private static final int MACHINE_GAP = 4;
    private static final List<String> COLOURS =
            List.of("#3b6fb6", "#d9822b", "#3a9a5b", "#b5488f", "#7a6cc4", "#b0a02c", "#3aa6a6", "#8c5a3c");

    private final List<Run> runs;
    private final double seconds;
    private final Svg svg;
    private int y = HEAD;

    private Gantt(List<Run> runs) {
        this.runs = runs;
        this.seconds = runs.stream()
                .flatMap(run -> run.spans().stream())
                .mapToDouble(span -> seconds(span.ended()))
                .max()
                .orElse(1);
        int height = HEAD + runs.stream().mapToInt(this::panelHeight).sum();
        this.svg = new Svg(LEFT + WIDTH + RIGHT, height);
    }

    /// @param runs of one scenario; at least one
    public static String of(List<Run> runs) {
        return new Gantt(runs).draw();
    }

    private static double seconds(Instant instant) {
        return Duration.between(Instant.EPOCH, instant).toNanos() / 1e9;
    }

    private double x(Instant instant) {
        return LEFT + seconds(instant) / seconds * WIDTH;
    }

    /// Thinner where there are many slots.
    private int lineHeight(Run run) {
        return slots(run) > 400 ? 2 : slots(run) > 100 ? 4 : slots(run) > 40 ? 6 : 10;
    }

    private static int slots(Run run) {
        return run.plan().scenario().hosts().stream()
                .mapToInt(host -> host.machine().maxJobs())
                .sum();
    }

    private int panelHeight(Run run) {
        return PANEL_HEAD + slots(run) * lineHeight(run) + run.plan().hosts() * MACHINE_GAP + PANEL_FOOT;
    }

    private String draw() {
        var scenario = runs.getFirst().plan().scenario();
        svg.text(LEFT, 24, "title", scenario.name());
        double x = LEFT;
        for (int client = 0; client < Math.min(scenario.clients().size(), COLOURS.size()); client++) {
            var name = scenario.clients().get(client).name();
            svg.box(x, 36, 12, 12, colour(client), "build");
            svg.text(x + 17, 46, "label", name);
            x += 34 + 7.0 * name.length();
        }
        svg.box(x, 36, 12, 12, colour(0), "copy");
        svg.text(x + 17, 46, "label", "connecting, copying");
        svg.box(x + 160, 36, 12, 12, "url(#lost)", "");
        svg.text(x + 177, 46, "label", "lost");
        for (var run : runs) panel(run);
        return svg.document();
    }

    private static String colour(int client) {
        return COLOURS.get(client % COLOURS.size());
    }

    private void panel(Run run) {
        var figures = Figures.of(run);
        svg.text(
                LEFT,
                y + 22.0,
                "head",
                String.format(
                        Locale.ROOT,
                        "%s: %s, mean wait %s, p95 wait %s",
                        run.policy(),
                        Axis.show(seconds(Instant.EPOCH.plus(figures.makespan()))),
                        Axis.show(seconds(Instant.EPOCH.plus(figures.meanWait()))),
                        Axis.show(seconds(Instant.EPOCH.plus(figures.p95Wait())))));
        y += PANEL_HEAD;
        int top = y;
        int line = lineHeight(run);
        var tops = new int[run.plan().hosts()];
        for (int host = 0; host < tops.length; host++) {
            tops[host] = y;
            machine(run, host, line);
        }
        axis(top, y);
        for (var span : run.spans()) bars(run, span, tops[span.host()] + span.slot() * line, line);
        y += PANEL_FOOT;
    }

    private void machine(Run run, int host, int line) {
        var machine = run.plan().host(host).machine();
        int height = machine.maxJobs() * line;
        svg.box(LEFT, y, WIDTH, height, "#f1f3f5", "");
        var speed = machine.speedFactor() == 1 ? "" : " ×" + Axis.plain(machine.speedFactor());
        if (height >= 10) svg.text(LEFT - 8.0, y + height / 2.0 + 4, "machine", machine.name() + speed);
        for (var outage : run.plan().scenario().outages())
            if (outage.machine().equals(machine.name()) && seconds(Instant.EPOCH.plus(outage.from())) < seconds) {
                double from = x(Instant.EPOCH.plus(outage.from()));
                double until = Math.min(x(Instant.EPOCH.plus(outage.until())), LEFT + WIDTH);
                svg.box(from, y, until - from, height, "#c9ced3", "");
            }
        y += height + MACHINE_GAP;
    }

    private void axis(int top, int bottom) {
        for (double tick : Axis.ticks(seconds)) {
            double x = LEFT + tick / seconds * WIDTH;
            svg.line(x, top, bottom);
            svg.text(x, bottom + 12.0, "tick", Axis.show(tick));
        }
    }

    private void bars(Run run, Span span, int top, int line) {
        var colour = colour(run.plan().client(span.job()));
        int height = Math.max(1, line - 1);
        var title = "%s on %s: %s"
                .formatted(
                        run.plan().job(span.job()).name(),
                        run.plan().host(span.host()).name(),
                        span.reason());
        if (span.end() != Span.End.DONE) {
            bar(span.began(), span.ended(), top, height, "url(#lost)", "", title);
            return;
        }
        bar(span.began(), span.building(), top, height, colour, "copy", title);
        bar(span.building(), span.built(), top, height, colour, "build", title);
        bar(span.built(), span.released(), top, height, colour, "copy", title);
    }

    private void bar(Instant from, Instant to, int top, int height, String colour, String style, String title) {
        if (from.isBefore(to)) svg.box(x(from), top, x(to) - x(from), height, colour, style, title);
    }
}
