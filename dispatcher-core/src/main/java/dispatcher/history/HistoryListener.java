package dispatcher.history;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.access.ClientIdentity;
import dispatcher.event.DispatcherListener;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Passes events on to the history.
///
/// Safe for any thread. Bounded: of more than 50,000 builds under way at once the oldest are not learned from.
public final class HistoryListener implements DispatcherListener {
    private static final int MOST_BUILDS = 50_000;
    private static final int MOST_CLIENTS = 50_000;

    private final History history;
    private final LongSupplier nanoTime;
    private final Cache<Long, Build> builds =
            Caffeine.newBuilder().maximumSize(MOST_BUILDS).build();

    /// The origins of clients that are connected, by number.
    private final Cache<Long, String> clients =
            Caffeine.newBuilder().maximumSize(MOST_CLIENTS).build();

    /// @param nanoTime as for `System.nanoTime`
    public HistoryListener(History history, LongSupplier nanoTime) {
        this.history = history;
        this.nanoTime = nanoTime;
    }

    /// @param client      who asked for it first
    /// @param peakMemory  bytes; 0 if not known
    /// @param outputBytes likewise
    private record Build(PackageName name, String system, Optional<String> client, long peakMemory, long outputBytes) {
        Build withPeak(long bytes) {
            return new Build(name, system, client, Math.max(peakMemory, bytes), outputBytes);
        }

        Build withOutputs(long bytes) {
            return new Build(name, system, client, peakMemory, bytes);
        }
    }

    @Override
    public void clientConnected(long client, String who) {
        clients.put(client, ClientIdentity.origin(who));
    }

    @Override
    public void clientLeft(long client, String who) {
        clients.invalidate(client);
    }

    @Override
    public void buildRequested(long build, long client, StorePath drvPath, BasicDerivation derivation) {
        var name = PackageName.of(drvPath, derivation);
        builds.put(
                build, new Build(name, derivation.platform(), Optional.ofNullable(clients.getIfPresent(client)), 0, 0));
        history.requested(build, name, derivation.platform(), derivation.inputSources());
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        long now = nanoTime.getAsLong();
        history.copied(machine, bytes, now - took.toNanos(), now);
    }

    @Override
    public void memoryMeasured(long build, StorePath drvPath, String machine, long peakBytes) {
        builds.asMap().computeIfPresent(build, (_, known) -> known.withPeak(peakBytes));
    }

    @Override
    public void outputsMade(long build, StorePath drvPath, String machine, Map<StorePath, Long> outputs) {
        history.made(build, outputs.keySet());
        long bytes = outputs.values().stream().mapToLong(Long::longValue).sum();
        builds.asMap().computeIfPresent(build, (_, known) -> known.withOutputs(bytes));
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        var known = builds.asMap().remove(build);
        if (known == null) return;
        if (known.peakMemory > 0) history.peakMemory(known.name, known.system, known.peakMemory);
        if (status != BuildStatus.BUILT) return;
        history.built(known.name, known.system, machine, took);
        known.client.ifPresent(client -> history.builtFor(client, known.system, machine, took));
        history.outputBytes(known.name, known.system, known.outputBytes);
        history.completed(build, machine, took);
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        builds.invalidate(build);
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        builds.invalidate(build);
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        builds.invalidate(build);
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        builds.invalidate(build);
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        builds.invalidate(build);
    }
}
