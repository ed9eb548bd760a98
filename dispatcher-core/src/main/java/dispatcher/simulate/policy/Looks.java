package dispatcher.simulate.policy;

import dispatcher.machine.Backoff;
import dispatcher.machine.Incidents;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;

/// Looks now and then whether machines that are set aside answer again, as the service does. Confined to one thread.
final class Looks {
    private final RandomGenerator random;
    private final Map<Integer, Look> looks = new TreeMap<>();
    private final Map<Integer, Integer> failures = new HashMap<>();
    private final Incidents incidents = new Incidents(Incidents.LATELY);

    private record Look(Instant since, Instant at) {}

    Looks(RandomGenerator random) {
        this.random = random;
    }

    /// Nothing happens if it is set aside.
    void failed(int host, Instant now) {
        if (looks.containsKey(host)) return;
        failures.merge(host, 1, Integer::sum);
        incidents.add(Integer.toString(host), nanos(now));
        looks.put(host, look(host, now, now));
    }

    private Look look(int host, Instant since, Instant now) {
        return new Look(
                since, now.plus(Backoff.after(failures.getOrDefault(host, 1), Duration.between(since, now), random)));
    }

    private static long nanos(Instant time) {
        return Duration.between(Instant.EPOCH, time).toNanos();
    }

    /// How often it was set aside in the last hour.
    int failuresLately(int host, Instant now) {
        return incidents.lately(Integer.toString(host), nanos(now));
    }

    /// It has done a build.
    void worked(int host) {
        failures.remove(host);
    }

    /// The machines that turn out to be back.
    List<Integer> back(Instant now, IntPredicate answers) {
        var back = new ArrayList<Integer>();
        looks.replaceAll((host, look) -> {
            if (now.isBefore(look.at)) return look;
            if (answers.test(host)) back.add(host);
            return look(host, look.since, now);
        });
        back.forEach(looks::remove);
        return back;
    }

    Optional<Instant> next() {
        return looks.values().stream().map(Look::at).min(Instant::compareTo);
    }
}
