package dispatcher.simulate.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/// Looks whether machines that are set aside answer again: after 1 s, then after 2 s, 4 s … up to 5 minutes.
final class Looks {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    private final Map<Integer, Look> looks = new TreeMap<>();

    private record Look(Instant at, Duration pause) {}

    void failed(int host, Instant now) {
        looks.putIfAbsent(host, new Look(now.plus(FIRST), FIRST));
    }

    /// The machines that turn out to be back.
    List<Integer> back(Instant now, IntPredicate answers) {
        var back = new ArrayList<Integer>();
        looks.replaceAll((host, look) -> {
            if (now.isBefore(look.at)) return look;
            if (answers.test(host)) back.add(host);
            var pause = look.pause.multipliedBy(2);
            if (pause.compareTo(LONGEST) > 0) pause = LONGEST;
            return new Look(now.plus(pause), pause);
        });
        back.forEach(looks::remove);
        return back;
    }

    Optional<Instant> next() {
        return looks.values().stream().map(Look::at).min(Instant::compareTo);
    }
}
