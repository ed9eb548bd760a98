package dispatcher.simulate.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/// Builds in an order in which each comes after those that it needs.
final class Order {
    private Order() {}

    /// Indexes into `jobs`, as near to its own order as can be.
    ///
    /// @throws IllegalArgumentException if some need each other in a circle
    static int[] of(List<Job> jobs) {
        var numbers = new HashMap<String, Integer>();
        for (int job = 0; job < jobs.size(); job++) numbers.put(jobs.get(job).id(), job);
        var missing = new int[jobs.size()];
        List<List<Integer>> dependants = new ArrayList<>();
        for (int job = 0; job < jobs.size(); job++) dependants.add(new ArrayList<>());
        for (int job = 0; job < jobs.size(); job++)
            for (var need : jobs.get(job).needs()) {
                missing[job]++;
                dependants.get(numbers.getOrDefault(need, -1)).add(job);
            }
        var ready = new ArrayDeque<Integer>();
        for (int job = 0; job < missing.length; job++) if (missing[job] == 0) ready.add(job);
        var order = new int[jobs.size()];
        int done = 0;
        while (!ready.isEmpty()) {
            int job = ready.remove();
            order[done++] = job;
            for (int dependant : dependants.get(job)) if (--missing[dependant] == 0) ready.add(dependant);
        }
        if (done < order.length) throw new IllegalArgumentException(circle(jobs, missing));
        return order;
    }

    private static String circle(List<Job> jobs, int[] missing) {
        var stuck = new ArrayList<String>();
        for (int job = 0; job < missing.length && stuck.size() < 5; job++)
            if (missing[job] > 0) stuck.add(jobs.get(job).id());
        return "builds need each other in a circle: %s are in it or behind it".formatted(String.join(", ", stuck));
    }
}
