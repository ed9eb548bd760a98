package dispatcher.cli.graph;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.event.DispatcherListener;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;

/// Which builds that clients asked for lately need which, as far as it is visible. A client sends no graph: it asks for
/// one build after the other, those that others need first. A build whose inputs have an output of an earlier one needs
/// that.
///
/// In memory only. Bounded: the last [#MOST] builds and [#MOST_OUTPUTS] outputs. Safe for any thread.
public final class BuildGraph implements DispatcherListener {
    static final int MOST = 10_000;
    private static final int MOST_OUTPUTS = 40_000;
    private static final int MOST_NEEDS = 1_000;

    private final LongFunction<Optional<Long>> ids;
    private final InstantSource clock;
    private final Instant started;
    private final Map<Long, String> clients = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();

    /// By number, the oldest first.
    @GuardedBy("lock")
    private final Map<Long, Known> builds = new LinkedHashMap<>();

    /// Output to the number of the build that makes it.
    @GuardedBy("lock")
    private final Map<StorePath, Long> makers = new LinkedHashMap<>();

    /// One build.
    ///
    /// @param number in events
    /// @param id     of its record
    /// @param needs  numbers of builds that it needs, also by way of others
    record Known(
            long number,
            Optional<Long> id,
            String client,
            StorePath drvPath,
            Instant asked,
            Outcome state,
            Optional<String> machine,
            List<Long> needs) {
        Known in(Outcome newState) {
            return new Known(number, id, client, drvPath, asked, newState, machine, needs);
        }

        Known on(String newMachine) {
            return new Known(number, id, client, drvPath, asked, Outcome.RUNNING, Optional.of(newMachine), needs);
        }
    }

    /// @param ids the id of a build's record, by its number in events
    public BuildGraph(LongFunction<Optional<Long>> ids, InstantSource clock) {
        this.ids = ids;
        this.clock = clock;
        this.started = clock.instant();
    }

    /// From when builds are known.
    Instant started() {
        return started;
    }

    /// Builds that were asked for since then, the oldest first.
    List<Known> since(Instant from) {
        lock.lock();
        try {
            return builds.values().stream()
                    .filter(build -> !build.asked.isBefore(from))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    // ---- events

    @Override
    public void clientConnected(long client, String who) {
        int at = who.lastIndexOf('@');
        clients.put(client, at > 0 ? who.substring(0, at) : who);
    }

    @Override
    public void clientLeft(long client, String who) {
        clients.remove(client);
    }

    @Override
    public void buildRequested(long build, long client, StorePath drvPath, BasicDerivation derivation) {
        var who = clients.getOrDefault(client, "client " + client);
        var id = ids.apply(build);
        var now = clock.instant();
        lock.lock();
        try {
            var needs = new LinkedHashSet<Long>();
            for (var input : derivation.inputSources()) {
                var maker = makers.get(input);
                if (maker != null && maker != build && needs.size() < MOST_NEEDS) needs.add(maker);
            }
            builds.put(
                    build,
                    new Known(build, id, who, drvPath, now, Outcome.WAITING, Optional.empty(), List.copyOf(needs)));
            if (builds.size() > MOST) builds.remove(builds.keySet().iterator().next());
            for (var output : derivation.outputs().values()) {
                var path = output.path();
                if (path.isPresent()) makes(path.get(), build);
            }
        } finally {
            lock.unlock();
        }
    }

    /// The last build that makes it counts.
    @GuardedBy("lock")
    private void makes(StorePath output, long build) {
        makers.remove(output);
        makers.put(output, build);
        if (makers.size() > MOST_OUTPUTS)
            makers.remove(makers.keySet().iterator().next());
    }

    @Override
    public void outputsMade(long build, StorePath drvPath, String machine, Map<StorePath, Long> outputs) {
        lock.lock();
        try {
            for (var output : outputs.keySet()) makes(output, build);
        } finally {
            lock.unlock();
        }
    }

    /// Comes again when a machine was lost or the build has to leave it, unless another attempt goes on.
    @Override
    public void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        change(build, known -> known.in(Outcome.WAITING));
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        change(build, known -> known.on(machine));
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        change(build, known -> known.on(machine).in(status.isSuccess() ? Outcome.BUILT : Outcome.FAILED));
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        change(build, known -> known.in(Outcome.REFUSED));
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        change(build, known -> known.in(status.isSuccess() ? Outcome.SHARED : Outcome.FAILED));
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        change(build, known -> known.in(Outcome.FOUND));
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        change(build, known -> known.in(Outcome.CANCELLED));
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        change(build, known -> known.in(Outcome.ABANDONED));
    }

    private void change(long build, UnaryOperator<Known> change) {
        lock.lock();
        try {
            builds.computeIfPresent(build, (_, known) -> change.apply(known));
        } finally {
            lock.unlock();
        }
    }
}
