package dispatcher.bench;

import dispatcher.schedule.index.RunningBuild;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/// What one event with its decision costs, over sizes of the fleet and of the queue: the median of CPU times of one
/// thread, which the load of the host does not change much.
final class Sweep {
    private static final List<Integer> MACHINES = List.of(10, 100, 1_000, 10_000);
    private static final List<Integer> BUILDS = List.of(100, 1_000, 10_000, 100_000, 1_000_000);

    /// @param kinds of machines, as far as their configured values tell them apart
    /// @param finishMicros median for a build that ends and those that begin then
    record Point(int machines, int builds, int kinds, double submitMicros, double finishMicros) {
        static final String HEADER = "machines,builds,kinds,submit_us,finish_us";

        String csv() {
            return String.format(
                    Locale.ROOT, "%d,%d,%d,%.2f,%.2f", machines, builds, kinds, submitMicros, finishMicros);
        }
    }

    private final int rounds;
    private final int largestQueue;

    Sweep(int rounds, int largestQueue) {
        this.rounds = rounds;
        this.largestQueue = largestQueue;
    }

    List<Point> run() {
        measure(100, 1_000); // Lets the JVM compile it.
        var points = new ArrayList<Point>();
        for (int machines : MACHINES)
            for (int builds : BUILDS) {
                if (builds > largestQueue) continue;
                var point = measure(machines, builds);
                System.err.println(point.csv());
                points.add(point);
            }
        return points;
    }

    private Point measure(int machines, int builds) {
        var site = new Site(machines, builds, 1);
        var submits = new ArrayList<Long>();
        var finishes = new ArrayList<Long>();
        for (int i = 0; i < rounds; i++) {
            var request = site.nextBuild();
            long begin = cpuNanos();
            var submitted = site.submit(request);
            submits.add(cpuNanos() - begin);
            site.afterSubmit(submitted);
            RunningBuild build = site.nextEnd();
            begin = cpuNanos();
            var decisions = site.finish(build);
            finishes.add(cpuNanos() - begin);
            site.afterFinish(decisions);
        }
        return new Point(machines, builds, site.kinds(), median(submits), median(finishes));
    }

    /// CPU time of an end with its decision, microseconds, the least first. Nothing else happens meanwhile.
    ///
    /// @param before ends that are not counted: for the JVM to compile it, and for the site to come into a state
    static List<Double> finishes(int machines, int builds, int before, int rounds) {
        var site = new Site(machines, builds, 1);
        var micros = new ArrayList<Double>();
        for (int i = 0; i < before + rounds; i++) {
            RunningBuild build = site.nextEnd();
            long begin = cpuNanos();
            var decisions = site.finish(build);
            if (i >= before) micros.add((cpuNanos() - begin) / 1e3);
            site.afterFinish(decisions);
        }
        Collections.sort(micros);
        return micros;
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static double median(List<Long> nanos) {
        Collections.sort(nanos);
        return nanos.get(nanos.size() / 2) / 1e3;
    }
}
