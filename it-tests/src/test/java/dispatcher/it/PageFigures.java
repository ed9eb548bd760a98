package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What was measured of the page, beside what it should be at most. Confined to one thread.
final class PageFigures {
    /// How far a figure may be from its goal on a host that does other things too.
    private static final int LENIENCY = 5;

    private static final @Nullable String FILE = System.getProperty("it.figures");

    private final List<Figure> figures = new ArrayList<>();

    private record Figure(String of, double value, double goal) {
        boolean isMet() {
            return value <= goal;
        }

        String line() {
            return String.format(
                    Locale.ROOT, "%-66s %8.1f   goal %6.0f: %s", of, value, goal, isMet() ? "met" : "missed");
        }

        String json() {
            return String.format(
                    Locale.ROOT,
                    "{ \"of\": \"%s\", \"value\": %.1f, \"atMost\": %.0f, \"met\": %b }",
                    of,
                    value,
                    goal,
                    isMet());
        }
    }

    /// Prints a figure.
    ///
    /// @throws AssertionError if it is far over its goal
    void most(String of, double value, double goal) {
        var figure = new Figure(of, value, goal);
        figures.add(figure);
        System.out.println(figure.line());
        assertThat(value).as(of).isLessThanOrEqualTo(goal * LENIENCY);
    }

    /// Writes all as JSON, if `-Dit.figures=FILE` is there.
    void write() throws IOException {
        if (FILE == null) return;
        Files.writeString(
                Path.of(FILE),
                "{ \"figures\": [\n    %s ] }%n"
                        .formatted(figures.stream().map(Figure::json).collect(Collectors.joining(",\n    "))));
    }
}
