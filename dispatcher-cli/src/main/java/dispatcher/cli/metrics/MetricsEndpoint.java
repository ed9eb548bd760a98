package dispatcher.cli.metrics;

import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.http.TextAnswer;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.QueuePosition;
import dispatcher.schedule.policy.MachineState;
import dispatcher.store.spool.SpoolStatus;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.Supplier;

/// Figures of the running dispatcher for Prometheus. Its labels are machines, and systems with features, of which the
/// first [#MOST_KINDS] that wait are named.
///
/// @param clock the queue's
public record MetricsEndpoint(
        BuildQueue queue, EventCounters counters, Supplier<SpoolStatus> spool, InstantSource clock) {
    public static final String PATH = "/metrics";

    private static final int MOST_KINDS = 100;
    private static final double MILLIS = 1000;

    public Endpoint endpoint() {
        return Endpoint.get(PATH, _ -> new TextAnswer(Exposition.CONTENT_TYPE, scrape()));
    }

    /// One scrape.
    String scrape() {
        var out = new Exposition();
        var snapshot = queue.snapshot();
        waiting(snapshot.waiting(), out);
        machines(snapshot.machines(), out);
        counters.write(out);
        var now = spool.get();
        out.single("dispatcher_spool_bytes", "gauge", "Bytes in the spool.", now.bytes());
        out.single("dispatcher_spool_pinned_bytes", "gauge", "Of these, in use now.", now.pinnedBytes());
        process(out);
        return out.toString();
    }

    private record Kind(String system, String features) implements Comparable<Kind> {
        @Override
        public int compareTo(Kind other) {
            int bySystem = system.compareTo(other.system);
            return bySystem != 0 ? bySystem : features.compareTo(other.features);
        }
    }

    /// @param unplaceable those that no machine takes now
    private record Count(long waiting, long unplaceable) {
        Count plus(boolean placeable) {
            return new Count(waiting + 1, unplaceable + (placeable ? 0 : 1));
        }
    }

    private void waiting(List<QueuePosition> positions, Exposition out) {
        var kinds = new TreeMap<Kind, Count>();
        for (var position : positions) {
            var request = position.build().request();
            var kind = new Kind(request.platform(), String.join(",", request.requiredFeatures()));
            if (kinds.size() >= MOST_KINDS && !kinds.containsKey(kind)) kind = new Kind("other", "");
            boolean placeable = position.untilExpected().compareTo(QueuePosition.UNKNOWN) < 0;
            kinds.put(kind, kinds.getOrDefault(kind, new Count(0, 0)).plus(placeable));
        }
        out.metric("dispatcher_builds_waiting", "gauge", "Builds that wait for a machine, by system and features.");
        kinds.forEach((kind, count) -> sample("dispatcher_builds_waiting", count.waiting(), kind, out));
        out.metric("dispatcher_builds_unplaceable", "gauge", "Of these, builds that no machine takes now.");
        kinds.forEach((kind, count) -> sample("dispatcher_builds_unplaceable", count.unplaceable(), kind, out));
        var now = clock.instant();
        var oldest = positions.stream()
                .map(position -> Duration.between(position.build().since(), now))
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
        out.single(
                "dispatcher_oldest_wait_seconds",
                "gauge",
                "How long the build waits that waits longest.",
                Math.max(0, oldest.toMillis() / MILLIS));
    }

    private static void sample(String name, long value, Kind kind, Exposition out) {
        out.sample(name, value, "system", kind.system(), "features", kind.features());
    }

    private static void machines(List<MachineView> machines, Exposition out) {
        out.metric("dispatcher_machine_slots", "gauge", "Slots of a machine.");
        for (var machine : machines) {
            var name = machine.machine().name();
            out.sample("dispatcher_machine_slots", machine.snapshot().slots(), "machine", name);
        }
        out.metric("dispatcher_machine_builds", "gauge", "Builds that run on a machine.");
        for (var machine : machines) {
            var name = machine.machine().name();
            out.sample("dispatcher_machine_builds", machine.slotsTaken(), "machine", name);
        }
        out.metric("dispatcher_machine_state", "gauge", "1 for the state that a machine is in.");
        for (var machine : machines)
            out.sample(
                    "dispatcher_machine_state",
                    1,
                    "machine",
                    machine.machine().name(),
                    "state",
                    word(machine.state()));
        out.metric("dispatcher_machine_ready", "gauge", "Whether a machine may have builds.");
        for (var machine : machines) {
            int ready = machine.state() == MachineState.READY ? 1 : 0;
            out.sample("dispatcher_machine_ready", ready, "machine", machine.machine().name());
        }
        out.metric("dispatcher_machine_speed", "gauge", "Measured speed; 1 is that of a usual machine.");
        for (var machine : machines) {
            var name = machine.machine().name();
            out.sample("dispatcher_machine_speed", machine.facts().speed(), "machine", name);
        }
        out.metric("dispatcher_machine_bandwidth_bytes", "gauge", "Bytes per second to a machine.");
        for (var machine : machines) {
            var name = machine.machine().name();
            out.sample("dispatcher_machine_bandwidth_bytes", machine.facts().bandwidth(), "machine", name);
        }
    }

    private static String word(MachineState state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static void process(Exposition out) {
        var memory = Runtime.getRuntime();
        long used = memory.totalMemory() - memory.freeMemory();
        out.single("jvm_memory_used_bytes", "gauge", "Heap in use.", used);
        out.single("jvm_memory_max_bytes", "gauge", "The most that the heap may have.", memory.maxMemory());
        var runtime = ManagementFactory.getRuntimeMXBean();
        double start = runtime.getStartTime() / MILLIS;
        out.single("process_start_time_seconds", "gauge", "When the dispatcher was started.", start);
        int threads = ManagementFactory.getThreadMXBean().getThreadCount();
        out.single("jvm_threads", "gauge", "Platform threads.", threads);
    }
}
