package dispatcher.simulate.figures;

import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Plan;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/// What some machines can do in a time. Nanoseconds; work is time on a machine of speed 1.
final class Capacity {
    private final List<Host> hosts;
    private final List<Change> changes = new ArrayList<>();
    private final double full;

    /// @param by how much more work is done in a nanosecond from then on
    private record Change(double at, double by) {}

    Capacity(Plan plan, BitSet machines) {
        this.hosts = machines.stream().mapToObj(plan::host).toList();
        this.full = hosts.stream().mapToDouble(Capacity::rate).sum();
        for (var host : hosts) addOutages(plan, host);
        changes.sort(Comparator.comparingDouble(Change::at));
    }

    private static double rate(Host host) {
        return host.machine().maxJobs() * host.speed();
    }

    /// Overlapping outages of one machine count once.
    private void addOutages(Plan plan, Host host) {
        var outages = plan.scenario().outages().stream()
                .filter(outage -> outage.machine().equals(host.name()))
                .sorted(Comparator.comparing(outage -> outage.from()))
                .toList();
        double covered = 0;
        for (var outage : outages) {
            double from = Math.max(covered, (double) outage.from().toNanos());
            double until = outage.until().toNanos();
            if (until <= from) continue;
            changes.add(new Change(from, -rate(host)));
            changes.add(new Change(until, rate(host)));
            covered = until;
        }
    }

    /// When `work` is done at the earliest if it is begun at `from` and all slots work on it.
    double done(double from, double work) {
        double time = from;
        double rate = full;
        double left = work;
        for (var change : changes) {
            double until = Math.max(time, change.at);
            if (rate * (until - time) >= left) break;
            left -= Math.max(0, rate * (until - time));
            time = until;
            rate += change.by;
        }
        return time + left / Math.max(rate, Double.MIN_NORMAL);
    }

    /// The least time in which a number of builds can be done, none of which is shorter than `work`, each on one slot.
    double wholeBuilds(double work, int count) {
        double low = 0;
        double high =
                work * count / hosts.stream().mapToDouble(Host::speed).max().orElse(1) * 2;
        for (int i = 0; i < 60 && high - low > 1; i++) {
            double middle = (low + high) / 2;
            if (built(work, middle) >= count) high = middle;
            else low = middle;
        }
        return low;
    }

    private double built(double work, double time) {
        return hosts.stream()
                .mapToDouble(host -> host.machine().maxJobs() * Math.floor(time * host.speed() / work))
                .sum();
    }
}
