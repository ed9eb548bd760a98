package dispatcher.history;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.machine.Machine;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import dispatcher.state.Unsaved;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What builds have taken, and what others may be expected to take.
///
/// Bounded: of more than 50,000 packages those of least use are forgotten. Safe for any thread; waits for no I/O but
/// in [#load] and [#save]. A question costs about a microsecond.
public final class History {
    private static final Logger log = LoggerFactory.getLogger(History.class);

    /// Expected of a build that is wholly unknown.
    public static final Duration DEFAULT_DURATION = Duration.ofSeconds(30);
    /// Bytes per second, expected of the way to a machine to which nothing has been copied yet.
    public static final long DEFAULT_BANDWIDTH = 100_000_000;

    private static final int MOST_PACKAGES = 50_000;
    private static final int MOST_SYSTEMS = 100;
    /// How many times the default a build may well take.
    private static final int HIGH_OF_DEFAULT = 4;
    /// Shorter builds do not measure a machine's speed, because the way there and back is too large a part of them.
    private static final Duration SHORTEST_MEASURE = Duration.ofSeconds(2);

    private static final int LEAST_ELSEWHERE = 3;
    /// Smaller copies measure round trips rather than bandwidth.
    private static final long SMALLEST_COPY = 1_000_000;

    private final Duration otherwise;
    private final InstantSource clock;
    private final Unsaved<PackageName> unsaved = new Unsaved<>(MOST_PACKAGES);
    private final AtomicBoolean machinesUnsaved = new AtomicBoolean();
    private final Cache<PackageName, SortedMap<String, PackageHistory>> packages = Caffeine.newBuilder()
            .maximumSize(MOST_PACKAGES)
            .<PackageName, SortedMap<String, PackageHistory>>evictionListener((name, _, _) -> evicted(name))
            .build();
    private final Priors priors = new Priors();
    private final Map<String, MachineHistory> machines = new ConcurrentHashMap<>();
    private final DependencyChains chains = new DependencyChains(this);

    /// @param otherwise what a build is expected to take of which nothing at all is known
    public History(Duration otherwise, InstantSource clock) {
        this.otherwise = otherwise;
        this.clock = clock;
    }

    /// The machines that there are from now on. What is known of others is kept, in case they come back.
    public void setMachines(Collection<Machine> present) {
        for (var machine : present)
            machines.merge(
                    machine.name(),
                    MachineHistory.of(machine.speedFactor()),
                    (known, fresh) -> known.withConfigured(fresh.configured()));
    }

    // ---- questions

    /// From earlier builds of the same package for the same system; empty if there were none.
    public Optional<Estimate> estimate(PackageName name, String system) {
        var known = of(name).get(system);
        return known == null || known.seconds().size() == 0
                ? Optional.empty()
                : Optional.of(Estimate.of(work(known), known.peakMemory(), Estimate.Basis.PACKAGE));
    }

    /// The same for a client that is not known.
    public Estimate expect(PackageName name, String system) {
        return expect(name, system, Optional.empty());
    }

    /// From the best that is known: the package for that system, the package for others, packages whose names begin
    /// alike, what the client had built for the system, all builds for the system, all builds, nothing.
    ///
    /// @param client who asks, as [dispatcher.access.ClientIdentity#origin]
    public Estimate expect(PackageName name, String system, Optional<String> client) {
        return estimate(name, system)
                .or(() -> estimateByName(name))
                .or(() -> priors.estimate(name, system, client))
                .orElseGet(() -> new Estimate(
                        otherwise,
                        otherwise.multipliedBy(HIGH_OF_DEFAULT),
                        OptionalLong.empty(),
                        0,
                        Estimate.Basis.DEFAULT));
    }

    private Optional<Estimate> estimateByName(PackageName name) {
        var all = of(name).values();
        var work = all.stream()
                .flatMap(known -> Stream.of(work(known)))
                .flatMapToDouble(java.util.Arrays::stream)
                .toArray();
        if (work.length == 0) return Optional.empty();
        var peak =
                all.stream().flatMapToLong(known -> known.peakMemory().stream()).max();
        return Optional.of(Estimate.of(work, peak, Estimate.Basis.NAME));
    }

    private double[] work(PackageHistory known) {
        return known.work(this::effectiveSpeed);
    }

    /// What passes, on machines of speed 1, from the start of such a build to the end of the longest chain of builds
    /// that clients asked for because of it, as far as lately seen. At least what it is expected to take itself.
    public Duration remainingPath(PackageName name, String system) {
        var known = of(name).get(system);
        double behind = known == null ? 0 : known.behind().max();
        return expect(name, system).median().plus(Estimate.duration(behind));
    }

    /// NAR size of all outputs of such a build.
    public OptionalLong outputBytes(PackageName name, String system) {
        var known = of(name).get(system);
        return known == null || known.outputBytes() == 0 ? OptionalLong.empty() : OptionalLong.of(known.outputBytes());
    }

    /// A machine's speed as configured and corrected by what was measured; 1 for one that was never heard of.
    public double effectiveSpeed(String machine) {
        var known = machines.get(machine);
        return known == null ? 1 : known.effectiveSpeed();
    }

    /// Bytes per second that go to a machine while inputs are copied there.
    public double bandwidth(String machine) {
        var known = machines.get(machine);
        return known == null || !known.hasCopied() ? DEFAULT_BANDWIDTH : known.bandwidth();
    }

    private SortedMap<String, PackageHistory> of(PackageName name) {
        var known = packages.getIfPresent(name);
        return known == null ? Collections.emptySortedMap() : known;
    }

    // ---- facts

    /// A package was built.
    ///
    /// @param took on the machine, without copying
    public void built(PackageName name, String system, String machine, Duration took) {
        double seconds = took.toNanos() / 1e9;
        if (took.compareTo(SHORTEST_MEASURE) >= 0) measureSpeed(name, system, machine, seconds);
        var now = Instant.ofEpochSecond(clock.instant().getEpochSecond());
        packages.asMap().compute(name, (_, systemsOfIt) -> {
            var next = new TreeMap<>(systemsOfIt == null ? Map.of() : systemsOfIt);
            if (next.size() < MOST_SYSTEMS || next.containsKey(system))
                next.put(
                        system,
                        next.getOrDefault(system, PackageHistory.EMPTY.requested())
                                .built(machine, seconds, now));
            return Collections.unmodifiableSortedMap(next);
        });
        priors.add(name, system, seconds * effectiveSpeed(machine));
        unsaved.add(name);
    }

    /// The same build was one that this client asked for first.
    ///
    /// @param client as [dispatcher.access.ClientIdentity#origin]
    public void builtFor(String client, String system, String machine, Duration took) {
        priors.addFor(client, system, took.toNanos() / 1e9 * effectiveSpeed(machine));
    }

    private void measureSpeed(PackageName name, String system, String machine, double seconds) {
        var known = of(name).get(system);
        if (known == null) return;
        var elsewhere = known.workElsewhere(machine, this::effectiveSpeed);
        if (elsewhere.length < LEAST_ELSEWHERE) return;
        double expected = Quantiles.median(elsewhere);
        if (expected > 0) machines.computeIfPresent(machine, (_, before) -> before.withSpeed(expected / seconds));
    }

    /// Notes the most memory that a build of a package took, whether it succeeded or not.
    public void peakMemory(PackageName name, String system, long bytes) {
        change(name, system, known -> known.withPeak(bytes), true);
    }

    /// Notes how large the outputs of the newest build of a package are: bytes, as NARs.
    public void outputBytes(PackageName name, String system, long bytes) {
        change(name, system, known -> known.withOutputBytes(bytes), false);
    }

    /// Bytes went to a machine.
    ///
    /// @param begun in nanoseconds of some clock of this process
    public void copied(String machine, long bytes, long begun, long ended) {
        if (bytes < SMALLEST_COPY) return;
        machines.computeIfPresent(machine, (_, before) -> before.copied(bytes, begun, ended));
        machinesUnsaved.set(true);
    }

    /// A build was asked for.
    ///
    /// @param build its number
    public void requested(long build, PackageName name, String system, Collection<StorePath> inputs) {
        change(name, system, PackageHistory::requested, false);
        chains.requested(build, name, system, inputs);
    }

    /// These came out of the build that was asked for under that number.
    public void made(long build, Collection<StorePath> outputs) {
        chains.made(build, outputs);
    }

    /// The build with that number was done on that machine, and took that long.
    public void completed(long build, String machine, Duration took) {
        chains.completed(build, took.toNanos() / 1e9 * effectiveSpeed(machine));
    }

    /// Notes how long other builds take that wait for the newest build of a package: seconds.
    void behind(PackageName name, String system, double seconds) {
        change(name, system, known -> known.withBehind(seconds), false);
    }

    /// @param create whether to begin where nothing is known
    private void change(PackageName name, String system, UnaryOperator<PackageHistory> change, boolean create) {
        packages.asMap().compute(name, (_, before) -> {
            var systemsOfIt = before == null ? Collections.<String, PackageHistory>emptySortedMap() : before;
            var known = systemsOfIt.get(system);
            if (known == null && (!create || systemsOfIt.size() >= MOST_SYSTEMS)) return before;
            var next = new TreeMap<>(systemsOfIt);
            next.put(system, change.apply(known == null ? PackageHistory.EMPTY.requested() : known));
            return Collections.unmodifiableSortedMap(next);
        });
        unsaved.add(name);
    }

    /// Forgets a package for all systems; false if nothing was known of it.
    public boolean forget(PackageName name) {
        boolean known = packages.asMap().remove(name) != null;
        if (known) unsaved.add(name);
        return known;
    }

    // ---- all of it

    /// @param behind expected from its end to the end of the longest chain of builds that wait for it
    public record PackageLine(
            PackageName name,
            String system,
            long builds,
            Instant lastSeen,
            Optional<Estimate> estimate,
            OptionalLong outputBytes,
            Duration behind) {}

    /// @param measurements builds that measured its speed
    /// @param bandwidth    bytes per second, if measured
    public record MachineLine(
            String name, double configured, double effective, int measurements, OptionalLong bandwidth) {}

    /// What is known of packages, by name and system.
    public List<PackageLine> packages() {
        var lines = new ArrayList<PackageLine>();
        new TreeMap<>(packages.asMap())
                .forEach((name, systemsOfIt) -> systemsOfIt.forEach((system, known) -> lines.add(new PackageLine(
                        name,
                        system,
                        known.builds(),
                        known.lastSeen(),
                        estimate(name, system),
                        outputBytes(name, system),
                        Estimate.duration(known.behind().max())))));
        return lines;
    }

    /// What is known of machines, by name.
    public List<MachineLine> machines() {
        return new TreeMap<>(machines)
                .entrySet().stream()
                        .map(entry -> new MachineLine(
                                entry.getKey(),
                                entry.getValue().configured(),
                                entry.getValue().effectiveSpeed(),
                                entry.getValue().speeds().size(),
                                entry.getValue().hasCopied()
                                        ? OptionalLong.of(
                                                (long) entry.getValue().bandwidth())
                                        : OptionalLong.empty()))
                        .toList();
    }

    // ---- over a restart

    /// What an earlier process wrote down. If that cannot be read, the log says so, and builds are learned from
    /// anew.
    public static History load(HistoryStore store, Duration otherwise, InstantSource clock) {
        var history = new History(otherwise, clock);
        try {
            history.fill(store.load());
        } catch (IOException e) {
            log.atWarn().addKeyValue("why", e.getMessage()).log("what builds took is forgotten");
        }
        return history;
    }

    private void fill(HistoryStore.Contents contents) {
        machines.putAll(contents.machines());
        contents.packages().forEach((key, known) -> {
            packages.asMap()
                    .merge(
                            key.name(),
                            Collections.unmodifiableSortedMap(new TreeMap<>(Map.of(key.system(), known))),
                            (one, other) -> {
                                var both = new TreeMap<>(one);
                                both.putAll(other);
                                return Collections.unmodifiableSortedMap(both);
                            });
            if (known.seconds().size() > 0) priors.add(key.name(), key.system(), Quantiles.median(work(known)));
        });
    }

    /// A package of least use is forgotten, where it is written down too.
    private void evicted(@Nullable PackageName name) {
        if (name != null) unsaved.add(name);
    }

    /// Writes what has changed since the last time to `store`, if anything has. For one thread at a time. If it
    /// cannot be written, the log says so, and the next time it is tried again.
    public void save(HistoryStore store) {
        packages.cleanUp();
        boolean machinesToo = machinesUnsaved.getAndSet(false);
        var batch = unsaved.take();
        if (batch.isEmpty() && !machinesToo) return;
        try {
            save(store, batch);
        } catch (IOException e) {
            unsaved.putBack(batch);
            if (machinesToo) machinesUnsaved.set(true);
            log.atWarn().addKeyValue("why", e.getMessage()).log("what builds took is not written down");
        }
    }

    private void save(HistoryStore store, Unsaved.Batch<PackageName> batch) throws IOException {
        var changed = new HashMap<HistoryStore.Key, PackageHistory>();
        var forgotten = new ArrayList<PackageName>();
        for (var name : batch.all() ? packages.asMap().keySet() : batch.keys()) {
            var systemsOfIt = of(name);
            if (systemsOfIt.isEmpty()) forgotten.add(name);
            systemsOfIt.forEach((system, known) -> changed.put(new HistoryStore.Key(name, system), known));
        }
        var contents = new HistoryStore.Contents(machines, changed);
        if (batch.all()) store.replaceAll(contents);
        else store.save(contents, forgotten);
    }
}
