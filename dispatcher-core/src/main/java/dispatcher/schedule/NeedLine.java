package dispatcher.schedule;

import dispatcher.schedule.policy.Need;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// All builds of one need: those that the same machines can do. Confined to whoever owns the scheduler.
final class NeedLine {
    /// A build is urgent if what is to come after it takes at least this part of the time in which all that waits will
    /// be done.
    static final double URGENT = 0.5;

    final Need need;
    private final Map<ClientShare, ClientLine> lines = new LinkedHashMap<>();

    /// Where they may go, and what each of these offers that they do not need.
    List<Tier> tiers = List.of();

    int[] extras = {};
    long topology = -1;
    private double work;
    private int count;

    NeedLine(Need need) {
        this.need = need;
    }

    void add(WaitingBuild build) {
        lines.computeIfAbsent(build.client, client -> new ClientLine(this, client))
                .add(build);
        work += build.expectedSeconds;
        count++;
    }

    void remove(WaitingBuild build) {
        var line = lines.get(build.client);
        if (line == null) return;
        line.remove(build);
        if (line.isEmpty()) lines.remove(build.client);
        count--;
        work = count == 0 ? 0 : Math.max(0, work - build.expectedSeconds);
    }

    int count() {
        return count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /// Expected seconds of all of them together, at speed 1.
    double work() {
        return work;
    }

    Collection<ClientLine> lines() {
        return lines.values();
    }

    /// All that wait, in no order that matters.
    List<WaitingBuild> builds() {
        var builds = new ArrayList<WaitingBuild>(count);
        for (var line : lines.values()) line.byAge().forEach(builds::add);
        return builds;
    }

    boolean hasFree() {
        for (var tier : tiers) if (tier.hasFree()) return true;
        return false;
    }

    /// Slots times speed of the machines that they may go to.
    double capacity() {
        double capacity = 0;
        for (var tier : tiers) capacity += tier.capacity();
        return capacity;
    }

    /// Mean speed of a slot that they may go to.
    double meanSpeed() {
        double sum = 0;
        double slots = 0;
        for (var tier : tiers) {
            sum += tier.capacity();
            slots += tier.capacity() / tier.speed;
        }
        return slots > 0 ? sum / slots : 1;
    }
}
