package dispatcher.cli.metrics;

import dispatcher.event.DispatcherListener;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts what happens since the start of the program. Safe for any thread; takes no lock that others hold for long.
public final class EventCounts implements DispatcherListener {
    /// How builds end.
    enum End {
        BUILT,
        FAILED,
        REFUSED,
        CANCELLED,
        SHARED,
        FOUND,
        ABANDONED;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final LongAdder requested = new LongAdder();
    private final LongAdder clients = new LongAdder();
    private final LongAdder clientsNow = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final LongAdder moved = new LongAdder();
    private final LongAdder doubled = new LongAdder();
    private final LongAdder setAside = new LongAdder();
    private final LongAdder outOfMemory = new LongAdder();
    private final Copies toMachines = new Copies();
    private final Copies toClients = new Copies();
    private final Histogram waitedForEqual = new Histogram();
    private final Histogram waitedForMachine = new Histogram();
    private final Histogram copied = new Histogram();
    private final Histogram built = new Histogram();
    private final Map<End, LongAdder> ends = new EnumMap<>(End.class);

    /// How long builds that have no machine yet have waited for equal ones. As many as builds are under way.
    private final Map<Long, Duration> alone = new ConcurrentHashMap<>();

    private static final class Copies {
        private final LongAdder paths = new LongAdder();
        private final LongAdder bytes = new LongAdder();

        void add(long morePaths, long moreBytes) {
            paths.add(morePaths);
            bytes.add(moreBytes);
        }
    }

    public EventCounts() {
        for (var end : End.values()) ends.put(end, new LongAdder());
    }

    private void ended(End end, long build) {
        alone.remove(build);
        var count = ends.get(end);
        if (count != null) count.increment();
    }

    void print(Exposition out) {
        out.metric("dispatcher_clients_connected", "gauge", "Clients that are connected.")
                .sample(clientsNow.sum());
        out.metric("dispatcher_clients_total", "counter", "Clients that have connected.")
                .sample(clients.sum());
        out.metric("dispatcher_builds_requested_total", "counter", "Builds that clients have asked for.")
                .sample(requested.sum());
        out.metric("dispatcher_builds_total", "counter", "Builds that have ended, by outcome.");
        ends.forEach((end, count) -> out.sample(count.sum(), "outcome", end.word()));
        out.metric("dispatcher_builds_lost_total", "counter", "Attempts that were lost with their machine.")
                .sample(lost.sum());
        out.metric("dispatcher_builds_moved_total", "counter", "Attempts that operators had leave their machine.")
                .sample(moved.sum());
        out.metric("dispatcher_builds_doubled_total", "counter", "Slow builds that were begun a second time.")
                .sample(doubled.sum());
        out.metric("dispatcher_builds_out_of_memory_total", "counter", "Builds whose machine had no memory left.")
                .sample(outOfMemory.sum());
        out.metric("dispatcher_machines_set_aside_total", "counter", "How often machines were set aside.")
                .sample(setAside.sum());
        out.metric("dispatcher_copied_bytes_total", "counter", "Bytes of NARs that were sent, by direction.")
                .sample(toMachines.bytes.sum(), "direction", "to_machine")
                .sample(toClients.bytes.sum(), "direction", "to_client");
        out.metric("dispatcher_copied_paths_total", "counter", "Store paths that were sent, by direction.")
                .sample(toMachines.paths.sum(), "direction", "to_machine")
                .sample(toClients.paths.sum(), "direction", "to_client");
        out.metric("dispatcher_wait_seconds", "histogram", "How long builds have waited, by cause.")
                .samples(waitedForEqual, "cause", "equal_build")
                .samples(waitedForMachine, "cause", "machine")
                .samples(copied, "cause", "copying_inputs");
        out.metric("dispatcher_build_seconds", "histogram", "How long builds took on machines, without copying.")
                .samples(built);
    }

    @Override
    public void clientConnected(long client, String who) {
        clients.increment();
        clientsNow.increment();
    }

    @Override
    public void clientLeft(long client, String who) {
        clientsNow.decrement();
    }

    @Override
    public void buildRequested(long build, long client, StorePath drvPath, BasicDerivation derivation) {
        requested.increment();
    }

    @Override
    public void buildAlone(long build, StorePath drvPath, Duration waited) {
        waitedForEqual.add(waited);
        alone.put(build, waited);
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        var before = alone.remove(build);
        var forMachine = before == null ? waited : waited.minus(before);
        waitedForMachine.add(forMachine.isNegative() ? Duration.ZERO : forMachine);
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        doubled.increment();
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        toMachines.add(paths, bytes);
        copied.add(took);
    }

    @Override
    public void inputSentEarly(long client, StorePath path, String machine, long bytes, Duration took) {
        toMachines.add(1, bytes);
    }

    @Override
    public void outputSent(long client, StorePath path, String from, long bytes, Duration took) {
        toClients.add(1, bytes);
    }

    @Override
    public void memoryLacked(long build, StorePath drvPath, String machine, String evidence) {
        outOfMemory.increment();
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        built.add(took);
        ended(status.isSuccess() ? End.BUILT : End.FAILED, build);
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        lost.increment();
    }

    @Override
    public void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {
        moved.increment();
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        ended(End.CANCELLED, build);
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        ended(End.REFUSED, build);
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        ended(status.isSuccess() ? End.SHARED : End.FAILED, build);
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        ended(End.FOUND, build);
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        ended(End.ABANDONED, build);
    }

    @Override
    public void machineSetAside(String machine, String reason) {
        setAside.increment();
    }
}
