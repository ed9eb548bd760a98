package dispatcher.cli.metrics;

import dispatcher.event.DispatcherListener;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// Counts what happens since the start of the dispatcher, whether anybody asks or not. What it holds does not grow.
/// Safe for any thread; never blocks.
public final class EventCounters implements DispatcherListener {
    /// How a build ended.
    private enum Outcome {
        BUILT,
        FAILED,
        REFUSED,
        SHARED,
        FOUND,
        ABANDONED
    }

    private final Map<Outcome, LongAdder> builds = new EnumMap<>(Outcome.class);
    private final LongAdder lost = new LongAdder();
    private final LongAdder doubled = new LongAdder();
    private final LongAdder setAside = new LongAdder();
    private final LongAdder clientsIn = new LongAdder();
    private final LongAdder clientsOut = new LongAdder();
    private final Durations equal = new Durations();
    private final Durations queued = new Durations();
    private final Durations copying = new Durations();
    private final Durations building = new Durations();
    private final LongAdder pathsIn = new LongAdder();
    private final LongAdder bytesIn = new LongAdder();
    private final LongAdder pathsOut = new LongAdder();
    private final LongAdder bytesOut = new LongAdder();

    public EventCounters() {
        for (var outcome : Outcome.values()) builds.put(outcome, new LongAdder());
    }

    private void ended(Outcome outcome) {
        builds.computeIfAbsent(outcome, _ -> new LongAdder()).increment();
    }

    @Override
    public void clientConnected(long client, String who) {
        clientsIn.increment();
    }

    @Override
    public void clientLeft(long client, String who) {
        clientsOut.increment();
    }

    @Override
    public void buildAlone(long build, StorePath drvPath, Duration waited) {
        equal.add(waited);
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        queued.add(waited);
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        doubled.increment();
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        copying.add(took);
        pathsIn.add(paths);
        bytesIn.add(bytes);
    }

    @Override
    public void inputSentEarly(long client, StorePath path, String machine, long bytes, Duration took) {
        pathsIn.increment();
        bytesIn.add(bytes);
    }

    @Override
    public void outputSent(long client, StorePath path, String from, long bytes, Duration took) {
        pathsOut.increment();
        bytesOut.add(bytes);
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        building.add(took);
        ended(status.isSuccess() ? Outcome.BUILT : Outcome.FAILED);
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        lost.increment();
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        ended(Outcome.REFUSED);
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath) {
        ended(Outcome.SHARED);
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        ended(Outcome.FOUND);
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        ended(Outcome.ABANDONED);
    }

    @Override
    public void machineSetAside(String machine, String reason) {
        setAside.increment();
    }

    void write(Exposition out) {
        out.metric("dispatcher_builds_total", "counter", "Builds that are over, by how they ended.");
        builds.forEach((outcome, count) -> out.sample(
                "dispatcher_builds_total",
                count.sum(),
                "outcome",
                outcome.name().toLowerCase(Locale.ROOT)));
        out.single("dispatcher_attempts_lost_total", "counter", "Builds that left a machine early.", lost.sum());
        out.single("dispatcher_builds_doubled_total", "counter", "Builds begun on a second machine.", doubled.sum());
        out.single("dispatcher_machines_set_aside_total", "counter", "Times that machines broke.", setAside.sum());
        long now = Math.max(0, clientsIn.sum() - clientsOut.sum());
        out.single("dispatcher_clients", "gauge", "Conversations with clients that are open.", now);
        out.metric("dispatcher_wait_seconds", "histogram", "What builds waited for, by cause; slot includes equal-build.");
        equal.write("dispatcher_wait_seconds", out, "cause", "equal-build");
        queued.write("dispatcher_wait_seconds", out, "cause", "slot");
        copying.write("dispatcher_wait_seconds", out, "cause", "copying");
        out.metric("dispatcher_build_seconds", "histogram", "Time on the machine, copying not counted.");
        building.write("dispatcher_build_seconds", out);
        out.metric("dispatcher_copied_bytes_total", "counter", "Bytes of NARs, by direction.")
                .sample("dispatcher_copied_bytes_total", bytesIn.sum(), "direction", "to-machines")
                .sample("dispatcher_copied_bytes_total", bytesOut.sum(), "direction", "to-clients");
        out.metric("dispatcher_copied_paths_total", "counter", "Store paths, by direction.")
                .sample("dispatcher_copied_paths_total", pathsIn.sum(), "direction", "to-machines")
                .sample("dispatcher_copied_paths_total", pathsOut.sum(), "direction", "to-clients");
    }
}
