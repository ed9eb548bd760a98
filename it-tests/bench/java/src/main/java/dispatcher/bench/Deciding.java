package dispatcher.bench;

import dispatcher.schedule.Scheduler;
import dispatcher.schedule.policy.SchedulerOptions;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// Measures what decisions cost, and says whether that is within the targets. Arguments: the folder for the results,
/// `full` or `short`.
public final class Deciding {
    private static final double MOST_MICROS = 200;
    private static final double MOST_BYTES = 2048;

    /// A tenfold or larger queue may cost this factor more than by its logarithm: caches of the processor end.
    private static final double SLACK = 1.5;

    private record Figure(String name, double value, double atMost) {
        boolean isMet() {
            return value <= atMost;
        }

        String json() {
            return String.format(
                    Locale.ROOT,
                    "{ \"of\": \"%s\", \"value\": %.2f, \"atMost\": %.2f, \"met\": %b }",
                    name,
                    value,
                    atMost,
                    isMet());
        }

        String line() {
            return String.format(
                    Locale.ROOT, "%-52s %10.1f   at most %8.1f: %s", name, value, atMost, isMet() ? "met" : "missed");
        }
    }

    private Deciding() {}

    /// Ends with status 1 if a target is missed.
    public static void main(String[] args) throws IOException, RunnerException {
        var out = Path.of(args[0]);
        boolean isShort = args[1].equals("short");
        var figures = new ArrayList<Figure>();
        figures.add(
                new Figure("memory of a waiting build, bytes", bytesPerBuild(isShort ? 10_000 : 100_000), MOST_BYTES));
        var points = new Sweep(isShort ? 300 : 3_000, isShort ? 10_000 : 1_000_000).run();
        figures.addAll(growth(points));
        int queue = isShort ? 10_000 : 100_000;
        figures.add(finishes("finish, p99, microseconds of CPU time", queue, queue / 2, queue / 2));
        // By then all that wait belong to clients that may run no more, and most slots are free.
        if (!isShort) figures.add(finishes("the same after 250,000 ends", queue, 250_000, 60_000));
        for (var result : benchmark(isShort)) {
            var statistics = result.getPrimaryResult().getStatistics();
            var name = result.getPrimaryResult().getLabel();
            figures.add(new Figure(name + ", p50, microseconds", statistics.getPercentile(50), MOST_MICROS));
            figures.add(new Figure(name + ", p99, microseconds", statistics.getPercentile(99), MOST_MICROS));
        }
        Files.createDirectories(out);
        var rows = points.stream().map(Sweep.Point::csv).collect(Collectors.joining("\n"));
        Files.writeString(out.resolve("deciding.csv"), Sweep.Point.HEADER + "\n" + rows + "\n");
        Files.writeString(out.resolve("deciding.svg"), Plot.of(points));
        var json = figures.stream().map(Figure::json).collect(Collectors.joining(",\n    "));
        Files.writeString(
                out.resolve("deciding.json"), "{ \"short\": %b, \"figures\": [\n    %s ] }%n".formatted(isShort, json));
        figures.forEach(figure -> System.out.println(figure.line()));
        System.exit(figures.stream().allMatch(Figure::isMet) ? 0 : 1);
    }

    private static Figure finishes(String name, int queue, int before, int rounds) {
        var micros = Sweep.finishes(10_000, queue, before, rounds);
        return new Figure(name, micros.get(micros.size() * 99 / 100), MOST_MICROS);
    }

    private static Iterable<RunResult> benchmark(boolean isShort) throws RunnerException {
        return new Runner(new OptionsBuilder()
                        .include(DecidingBenchmark.class.getName())
                        .forks(1)
                        .warmupIterations(isShort ? 1 : 5)
                        .warmupTime(TimeValue.seconds(isShort ? 1 : 5))
                        .measurementIterations(isShort ? 1 : 5)
                        .measurementTime(TimeValue.seconds(isShort ? 1 : 5))
                        .jvmArgs("-Xms4g", "-Xmx4g", "--sun-misc-unsafe-memory-access=allow")
                        .output("/dev/stderr")
                        .build())
                .run();
    }

    /// How much more the longest queue costs than that of a hundred, by the ratio of their logarithms; 1 is as the
    /// logarithm.
    private static List<Figure> growth(List<Sweep.Point> points) {
        var figures = new ArrayList<Figure>();
        for (int i = 0; i < points.size(); i++) {
            var first = points.get(i);
            if (i > 0 && points.get(i - 1).machines() == first.machines()) continue;
            var last = points.stream()
                    .filter(point -> point.machines() == first.machines())
                    .reduce((_, later) -> later)
                    .orElse(first);
            double cost = last.finishMicros() / first.finishMicros();
            double logarithms = Math.log(last.builds()) / Math.log(first.builds());
            figures.add(new Figure(
                    "growth over log(queue), %d machines".formatted(first.machines()), cost / logarithms, SLACK));
        }
        return figures;
    }

    /// Request, names and all, as they are in a queue before a fleet of a thousand machines that can take none.
    private static double bytesPerBuild(int builds) {
        var population = new Population(1_000, new Random(1));
        var scheduler = new Scheduler(population.machines(), SchedulerOptions.DEFAULT);
        long before = usedBytes();
        try {
            for (int i = 0; i < builds; i++) scheduler.submit(population.build(), Set.of(), Instant.EPOCH);
            return (usedBytes() - before) / (double) builds;
        } finally {
            Reference.reachabilityFence(scheduler);
        }
    }

    private static long usedBytes() {
        for (int i = 0; i < 3; i++) System.gc();
        var runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
