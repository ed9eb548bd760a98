package dispatcher.simulate.figures;

import dispatcher.simulate.model.Plan;
import java.util.Arrays;
import java.util.BitSet;

/// When each build can begin at the earliest, and what must come after it. Nanoseconds since the start. Immutable.
final class CriticalPath {
    private final BestTimes times;
    private final BitSet possible = new BitSet();
    private final double[] earliest;
    private final double[] after;
    private final double length;

    CriticalPath(Plan plan) {
        this.times = new BestTimes(plan);
        this.earliest = new double[plan.jobs()];
        this.after = new double[plan.jobs()];
        var order = plan.order();
        double longest = 0;
        for (int job : order) {
            if (plan.fitting(job).isEmpty() || !Arrays.stream(plan.needs(job)).allMatch(possible::get)) continue;
            possible.set(job);
            earliest[job] = plan.job(job).asked().toNanos();
            for (int need : plan.needs(job))
                earliest[job] = Math.max(earliest[job], earliest[need] + times.whole(need));
            longest = Math.max(longest, earliest[job] + times.whole(job));
        }
        for (int i = order.length - 1; i >= 0; i--) {
            int job = order[i];
            double most = 0;
            for (int dependant : plan.dependants(job))
                if (possible.get(dependant))
                    most = Math.max(most, times.whole(dependant) + after[dependant] - times.fetched(dependant));
            after[job] = times.fetched(job) + most;
        }
        this.length = longest;
    }

    BestTimes times() {
        return times;
    }

    /// Whether a machine can do it and all that it needs.
    boolean isPossible(int job) {
        return possible.get(job);
    }

    double earliest(int job) {
        return earliest[job];
    }

    /// From the end of a build itself to the end of all that needs it.
    double after(int job) {
        return after[job];
    }

    double length() {
        return length;
    }
}
