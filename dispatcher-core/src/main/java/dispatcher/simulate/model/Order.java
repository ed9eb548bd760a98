package dispatcher.simulate.model;

import dispatcher.graph.CircleException;
import dispatcher.graph.DependencyGraph;
import java.util.HashMap;
import java.util.List;
import java.util.stream.Collectors;

/// Builds in an order in which each comes after those that it needs.
final class Order {
    private Order() {}

    /// Indexes into `jobs`, as near to its own order as can be.
    ///
    /// @throws IllegalArgumentException if some need each other in a circle
    static int[] of(List<Job> jobs) {
        var numbers = new HashMap<String, Integer>();
        for (var job : jobs) numbers.put(job.id(), numbers.size());
        var needs = jobs.stream()
                .map(job -> job.needs().stream()
                        .mapToInt(need -> numbers.getOrDefault(need, -1))
                        .toArray())
                .toArray(int[][]::new);
        try {
            return DependencyGraph.of(needs).order();
        } catch (CircleException e) {
            throw new IllegalArgumentException(circle(jobs, e.nodes()), e);
        }
    }

    private static String circle(List<Job> jobs, List<Integer> stuck) {
        return stuck.stream()
                .limit(5)
                .map(job -> jobs.get(job).id())
                .collect(Collectors.joining(", ", "builds need each other in a circle: ", " are in it or behind it"));
    }
}
