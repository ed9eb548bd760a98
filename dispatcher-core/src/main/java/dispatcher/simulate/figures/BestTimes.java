package dispatcher.simulate.figures;

import dispatcher.graph.CriticalPath;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Plan;
import java.util.function.ToDoubleFunction;

/// The least time that a build takes under any policy. Nanoseconds.
///
/// What counts as copied for a build are the inputs that no other build has and that are not on the machine: they can
/// only be sent while it has its slot. All others may be there because of another build.
final class BestTimes implements CriticalPath.Times {
    private static final double NANOS = 1e9;

    private final Plan plan;
    /// How many builds read a path.
    private final int[] readers;

    BestTimes(Plan plan) {
        this.plan = plan;
        this.readers = new int[plan.paths()];
        for (int job = 0; job < plan.jobs(); job++) for (int path : plan.inputs(job)) readers[path]++;
    }

    /// From the slot to the end of the build on its best machine, were all inputs there.
    static double occupied(Plan plan, int job) {
        return least(
                plan, job, host -> plan.host(host).time(plan.job(job).work()).toNanos());
    }

    @Override
    public double begin(int job) {
        return plan.job(job).asked().toNanos();
    }

    /// From the slot to the client's having the outputs, on the machine that is best for it.
    @Override
    public double whole(int job) {
        return least(plan, job, host -> copyNanos(job, host) + buildNanos(job, host) + fetchNanos(job, host));
    }

    /// From the end of a build to the client's having the outputs.
    @Override
    public double handedOn(int job) {
        return least(plan, job, host -> fetchNanos(job, host));
    }

    /// What it takes of a machine's slot, as if that had speed 1.
    double work(int job) {
        return least(plan, job, host -> plan.host(host).speed() * (copyNanos(job, host) + buildNanos(job, host)));
    }

    /// Its building alone, on a machine of speed 1, without what rounding to nanoseconds might have added.
    double buildingWork(int job) {
        return plan.job(job).work().toNanos();
    }

    private double buildNanos(int job, int host) {
        return plan.job(job).work().toNanos() / plan.host(host).speed();
    }

    private double fetchNanos(int job, int host) {
        return transferNanos(plan.host(host), plan.job(job).outputBytes());
    }

    private double copyNanos(int job, int host) {
        var held = plan.host(host).holds();
        long bytes = 0;
        var inputs = plan.job(job).inputs();
        for (int i = 0; i < inputs.size(); i++)
            if (readers[plan.inputs(job)[i]] == 1 && !held.contains(inputs.get(i)))
                bytes += plan.bytes(plan.inputs(job)[i]);
        return transferNanos(plan.host(host), bytes);
    }

    private static double transferNanos(Host host, long bytes) {
        return bytes == 0 ? 0 : host.latency().toNanos() + bytes / host.bandwidth() * NANOS;
    }

    private static double least(Plan plan, int job, ToDoubleFunction<Integer> time) {
        return plan.fitting(job).stream().mapToDouble(time::applyAsDouble).min().orElse(0);
    }
}
