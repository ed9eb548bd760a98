package dispatcher.cli.metrics;

import dispatcher.schedule.QueuePosition;
import dispatcher.schedule.policy.BuildRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The builds that wait for a machine, by what they need of it. Autoscalers read these.
final class QueueFigures {
    /// More kinds of builds than this are counted together, as `other`.
    static final int MOST_KINDS = 100;

    private static final Kind OTHER = new Kind("other", "");
    private static final double MILLIS = 1000.0;

    private final Map<Kind, Waiting> kinds = new TreeMap<>();

    private record Kind(String system, String features) implements Comparable<Kind> {
        static Kind of(BuildRequest request) {
            return new Kind(request.platform(), String.join(",", request.requiredFeatures()));
        }

        @Override
        public int compareTo(Kind other) {
            int bySystem = system.compareTo(other.system);
            return bySystem != 0 ? bySystem : features.compareTo(other.features);
        }
    }

    private static final class Waiting {
        private long builds;
        private long unplaceable;
        private Instant oldest = Instant.MAX;

        void add(QueuePosition position) {
            builds++;
            if (position.untilExpected().compareTo(QueuePosition.UNKNOWN) >= 0) unplaceable++;
            var since = position.build().since();
            if (since.isBefore(oldest)) oldest = since;
        }
    }

    QueueFigures(List<QueuePosition> waiting) {
        for (var position : waiting) {
            var kind = Kind.of(position.build().request());
            if (!kinds.containsKey(kind) && kinds.size() >= MOST_KINDS) kind = OTHER;
            kinds.computeIfAbsent(kind, _ -> new Waiting()).add(position);
        }
    }

    void print(Exposition out, Instant now) {
        out.metric("dispatcher_queue_builds", "gauge", "Builds that wait for a machine, by what they need of it.");
        kinds.forEach((kind, waiting) -> sample(out, kind, (double) waiting.builds));
        out.metric(
                "dispatcher_queue_unplaceable_builds",
                "gauge",
                "Those of them that no machine can take now, however long they wait: a machine of their kind is missing.");
        kinds.forEach((kind, waiting) -> sample(out, kind, (double) waiting.unplaceable));
        out.metric("dispatcher_queue_oldest_seconds", "gauge", "How long the oldest of them has waited.");
        kinds.forEach((kind, waiting) -> sample(
                out, kind, Math.max(0, Duration.between(waiting.oldest, now).toMillis() / MILLIS)));
    }

    private static void sample(Exposition out, Kind kind, double value) {
        out.sample(value, "system", kind.system(), "features", kind.features());
    }
}
