package dispatcher.simulate.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// How much of the machines each client has had in the last 24 hours, all with equal shares, as Hydra counts it for
/// jobsets. Confined to one thread.
final class Shares {
    private static final Duration WINDOW = Duration.ofHours(24);

    private final List<ArrayDeque<Used>> used = new ArrayList<>();
    private final long[] sums;

    private record Used(Instant at, long seconds) {}

    Shares(int clients) {
        for (int i = 0; i < clients; i++) used.add(new ArrayDeque<>());
        this.sums = new long[clients];
    }

    /// Whole seconds, as Hydra has them.
    void charge(int client, Instant from, Instant to) {
        var use = new Used(to, Duration.between(from, to).toSeconds());
        used.get(client).add(use);
        sums[client] += use.seconds;
    }

    /// Seconds of each client.
    double[] used(Instant now) {
        var result = new double[sums.length];
        for (int client = 0; client < sums.length; client++) {
            var uses = used.get(client);
            while (!uses.isEmpty() && uses.peek().at.isBefore(now.minus(WINDOW))) sums[client] -= uses.remove().seconds;
            result[client] = sums[client];
        }
        return result;
    }
}
