package dispatcher.simulate.policy;

import dispatcher.simulate.model.Plan;
import java.util.Arrays;

/// What Hydra knows of its steps from the graph. Immutable.
///
/// Source: Hydra at 7d9f5364^, `src/hydra-queue-runner/state.hh`, `dispatcher.cc`.
final class Steps {
    private final int[] dependants;
    private final int[] lowestBuild;

    Steps(Plan plan) {
        this.dependants = countDependants(plan);
        this.lowestBuild = lowestBuilds(plan);
    }

    /// How many steps cannot begin before this one has ended.
    int dependants(int job) {
        return dependants[job];
    }

    /// The first of the wanted builds that this step is for; wanted is what nothing else needs.
    int lowestBuild(int job) {
        return lowestBuild[job];
    }

    /// Goes through the graph once for each 64 builds, with a bit for each of them.
    private static int[] countDependants(Plan plan) {
        var counts = new int[plan.jobs()];
        var order = plan.order();
        var bits = new long[plan.jobs()];
        for (int first = 0; first < order.length; first += Long.SIZE) {
            int last = Math.min(first + Long.SIZE, order.length);
            Arrays.fill(bits, 0);
            // What comes after the last of them needs none of them to be after it.
            for (int i = last - 1; i >= 0; i--) {
                int job = order[i];
                long reached = i >= first ? 1L << (i - first) : 0;
                for (int dependant : plan.dependants(job)) reached |= bits[dependant];
                bits[job] = reached;
                counts[job] += Long.bitCount(reached) - (i >= first ? 1 : 0);
            }
        }
        return counts;
    }

    private static int[] lowestBuilds(Plan plan) {
        var lowest = new int[plan.jobs()];
        var order = plan.order();
        for (int i = order.length - 1; i >= 0; i--) {
            int job = order[i];
            lowest[job] = plan.dependants(job).length == 0 ? job : Integer.MAX_VALUE;
            for (int dependant : plan.dependants(job)) lowest[job] = Math.min(lowest[job], lowest[dependant]);
        }
        return lowest;
    }
}
