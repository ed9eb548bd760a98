package dispatcher.bench;

import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/// A sweep as an SVG picture: the cost of an end over the length of the queue, both on logarithmic axes, a line
/// for each size of the fleet.
final class Plot {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 440;
    private static final int LEFT = 70;
    private static final int BOTTOM = 390;
    private static final List<String> COLOURS = List.of("#1b6ca8", "#2a9d4a", "#d1861b", "#b3261e");

    private final StringBuilder svg = new StringBuilder();

    static String of(List<Sweep.Point> points) {
        return new Plot().draw(points);
    }

    private String draw(List<Sweep.Point> points) {
        svg.append(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">%n"
                        .formatted(WIDTH, HEIGHT));
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        text(LEFT, 20, "start", "#000", "A build ends and the next begins: median CPU time, microseconds");
        text(LEFT + 240, HEIGHT - 10, "middle", "#000", "builds that wait");
        for (int i = 2; i <= 6; i++) {
            line(x(Math.pow(10, i)), y(1), x(Math.pow(10, i)), y(1000), "#ddd", 1);
            text(x(Math.pow(10, i)), BOTTOM + 16, "middle", "#000", "%,d".formatted((int) Math.pow(10, i)));
        }
        for (int i = 0; i <= 3; i++) {
            line(x(100), y(Math.pow(10, i)), x(1e6), y(Math.pow(10, i)), "#ddd", 1);
            text(LEFT - 8, y(Math.pow(10, i)) + 4, "end", "#000", Integer.toString((int) Math.pow(10, i)));
        }
        int colour = 0;
        for (int machines :
                new TreeSet<>(points.stream().map(Sweep.Point::machines).toList()))
            curve(points.stream().filter(point -> point.machines() == machines).toList(), COLOURS.get(colour++));
        return svg.append("</svg>\n").toString();
    }

    private void curve(List<Sweep.Point> points, String colour) {
        for (int i = 1; i < points.size(); i++) {
            var from = points.get(i - 1);
            var to = points.get(i);
            line(x(from.builds()), y(from.finishMicros()), x(to.builds()), y(to.finishMicros()), colour, 2);
        }
        var last = points.getLast();
        text(
                x(last.builds()) + 6,
                y(last.finishMicros()) + 4,
                "start",
                colour,
                "%,d machines, %d kinds".formatted(last.machines(), last.kinds()));
    }

    private static double x(double builds) {
        return LEFT + (Math.log10(builds) - 2) / 4 * 480;
    }

    private static double y(double micros) {
        return BOTTOM - Math.log10(Math.max(1, micros)) / 3 * 350;
    }

    private void line(double x1, double y1, double x2, double y2, String colour, int width) {
        svg.append(String.format(
                Locale.ROOT,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%d\"/>%n",
                x1,
                y1,
                x2,
                y2,
                colour,
                width));
    }

    private void text(double x, double y, String anchor, String colour, String text) {
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n",
                x,
                y,
                anchor,
                colour,
                text));
    }
}
