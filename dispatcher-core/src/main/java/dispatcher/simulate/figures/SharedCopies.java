package dispatcher.simulate.figures;

import dispatcher.graph.CriticalPath;
import dispatcher.simulate.model.Plan;
import java.util.BitSet;

/// What it takes of the slots of some machines to send what several builds read: each path that none of them
/// has is sent at least once, and only while a build that reads it has a slot. Takes builds in one after
/// another, and counts a path once all that read it are in. Nanoseconds, as if the slots had speed 1. Used
/// once.
final class SharedCopies {
    private static final double NANOS = 1e9;

    private final Plan plan;
    private final BitSet machines;
    private final BitSet held = new BitSet();
    /// How many builds that read a path are not in.
    private final int[] missing;

    SharedCopies(Plan plan, CriticalPath path, BitSet machines) {
        this.plan = plan;
        this.machines = machines;
        machines.stream().forEach(host -> held.or(plan.held(host)));
        this.missing = new int[plan.paths()];
        var readers = new int[plan.paths()];
        for (int job = 0; job < plan.jobs(); job++) {
            for (int input : plan.inputs(job)) readers[input]++;
            if (path.isPossible(job)) for (int input : plan.inputs(job)) missing[input]++;
        }
        // What only one build reads counts as its own.
        for (int input = 0; input < readers.length; input++) if (readers[input] < 2) held.set(input);
    }

    /// @return what more must be sent
    double add(int job) {
        double work = 0;
        for (int input : plan.inputs(job))
            if (--missing[input] == 0 && input < plan.output(0) && !held.get(input)) work += least(plan.bytes(input));
        return work;
    }

    private double least(long bytes) {
        return machines.stream()
                .mapToObj(plan::host)
                .mapToDouble(host -> host.speed() * bytes / host.bandwidth() * NANOS)
                .min()
                .orElse(0);
    }
}
