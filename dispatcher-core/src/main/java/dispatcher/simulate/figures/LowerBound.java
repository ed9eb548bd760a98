package dispatcher.simulate.figures;

import dispatcher.graph.CriticalPath;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Plan;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// A makespan that no policy can beat, even with full knowledge beforehand. The largest of
///
/// - the critical path: a build cannot begin before its client wants it and what it needs is built and fetched, and
///   takes at least what its best machine takes for the inputs that only it has, for building, and for fetching;
/// - work over capacity, for each set of builds that only some machines can do: what those builds take of slots, and
///   sending once what they share, from the first moment at which one of them could begin to the last at which one
///   must have ended, by all slots of those machines at their speeds, outages taken off;
/// - counting: of the builds of a set that are no shorter than a certain one, a slot does only a whole number;
/// - copies: each path that no machine has is sent to at least one.
///
/// @param time    the largest of them
/// @param because which it is, for people
public record LowerBound(Duration time, String because) {

    public static LowerBound of(Plan plan) {
        var times = new BestTimes(plan);
        var path = new CriticalPath(
                plan.graph(), plan.order(), job -> !plan.fitting(job).isEmpty(), times);
        var best = new LowerBound(nanos(path.length()), "critical path");
        for (var machines : machineSets(plan)) {
            var jobs = IntStream.range(0, plan.jobs())
                    .filter(job -> path.isPossible(job) && isWithin(plan.fitting(job), machines))
                    .boxed()
                    .toList();
            if (jobs.isEmpty()) continue;
            var names = machines.cardinality() == plan.hosts() ? "all machines" : names(plan, machines);
            var capacity = new Capacity(plan, machines);
            best = best.or(
                    workOverCapacity(path, times, jobs, capacity, new SharedCopies(plan, path, machines)),
                    "work over the capacity of " + names);
            best = best.or(counting(path, times, jobs, capacity), "whole builds on the slots of " + names);
        }
        return best.or(copies(plan, path), "copies of inputs");
    }

    private LowerBound or(double otherNanos, String why) {
        var other = nanos(otherNanos);
        return other.compareTo(time) > 0 ? new LowerBound(other, why) : this;
    }

    /// Rounded down, with a little less for what floating point may have added.
    private static Duration nanos(double nanos) {
        return Duration.ofNanos((long) Math.floor(nanos * (1 - 1e-9)));
    }

    /// Those that some build is confined to, and all.
    private static Set<BitSet> machineSets(Plan plan) {
        var sets = new LinkedHashSet<BitSet>();
        for (int job = 0; job < plan.jobs(); job++) if (!plan.fitting(job).isEmpty()) sets.add(plan.fitting(job));
        var all = new BitSet();
        sets.forEach(all::or);
        sets.add(all);
        return sets;
    }

    private static boolean isWithin(BitSet part, BitSet whole) {
        var rest = (BitSet) part.clone();
        rest.andNot(whole);
        return rest.isEmpty();
    }

    private static String names(Plan plan, BitSet machines) {
        var names = machines.stream()
                .limit(4)
                .mapToObj(host -> plan.host(host).name())
                .toList();
        return String.join(", ", names) + (machines.cardinality() > 4 ? ", …" : "");
    }

    /// Goes from the builds that can begin last to all; the work of those is done between the first begin among
    /// them and the makespan less what must come after each of them.
    private static double workOverCapacity(
            CriticalPath path, BestTimes times, List<Integer> jobs, Capacity capacity, SharedCopies shared) {
        var sorted = jobs.stream()
                .sorted(Comparator.comparingDouble(path::earliest).reversed())
                .toList();
        double best = 0;
        double work = 0;
        double tail = Double.MAX_VALUE;
        for (int i = 0; i < sorted.size(); i++) {
            int job = sorted.get(i);
            work += times.work(job) + shared.add(job);
            tail = Math.min(tail, path.after(job));
            boolean lastOfItsTime = i + 1 == sorted.size() || path.earliest(sorted.get(i + 1)) < path.earliest(job);
            if (lastOfItsTime) best = Math.max(best, capacity.done(path.earliest(job), work) + tail);
        }
        return best;
    }

    private static double counting(CriticalPath path, BestTimes times, List<Integer> jobs, Capacity capacity) {
        var works = jobs.stream().mapToDouble(times::buildingWork).sorted().toArray();
        double from = jobs.stream().mapToDouble(path::earliest).min().orElse(0);
        double tail = jobs.stream().mapToDouble(path::after).min().orElse(0);
        int stride = Math.max(1, works.length / 256);
        double best = 0;
        for (int i = 0; i < works.length; i += stride)
            best = Math.max(best, from + capacity.wholeBuilds(works[i], works.length - i) + tail);
        return best;
    }

    private static double copies(Plan plan, CriticalPath criticalPath) {
        var held = new BitSet();
        for (int host = 0; host < plan.hosts(); host++) held.or(plan.held(host));
        var read = new BitSet();
        for (int job = 0; job < plan.jobs(); job++)
            if (criticalPath.isPossible(job))
                Arrays.stream(plan.inputs(job))
                        .filter(path -> path < plan.output(0))
                        .forEach(read::set);
        read.andNot(held);
        double rate =
                plan.scenario().hosts().stream().mapToDouble(Host::bandwidth).sum();
        rate = Math.min(rate, plan.scenario().uplink().orElse(Double.MAX_VALUE));
        return read.stream().mapToDouble(plan::bytes).sum() / rate * 1e9;
    }
}
