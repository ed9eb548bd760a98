package dispatcher.record;

import dispatcher.build.control.Intervention;
import dispatcher.build.log.LogKeeper;
import dispatcher.build.placement.PlacementAccount;
import dispatcher.build.placement.PlacementKeeper;
import dispatcher.event.DispatcherListener;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.RecordStore.Batch;
import dispatcher.record.RecordStore.LogPart;
import dispatcher.record.RecordStore.Placed;
import dispatcher.record.RecordStore.Query;
import dispatcher.store.BuildLog;
import dispatcher.thread.SteadyThread;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes a record of each build from what happens to it, and keeps its log. Safe for any thread.
///
/// A thread of its own writes to the store, each second what has changed since. Builds never wait for it and never
/// fail from it: what the store does not take is tried again, and if too many builds are not written down yet, new
/// ones are not recorded. Who asks gets what is written down and what is not yet, as one.
public final class BuildRecorder implements DispatcherListener, LogKeeper, PlacementKeeper, AutoCloseable {
    /// Builds that go on, or have ended and are not written down yet.
    static final int MOST_HELD = 50_000;

    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final Duration BETWEEN_CLEANUPS = Duration.ofHours(1);

    /// Steps in which old records are removed, in one round: so what is new is not kept waiting.
    private static final int DELETIONS_AT_ONCE = 5;

    /// Rounds of that after which the disk is to take it: fewer than fill what the store keeps for later.
    private static final int ROUNDS_UNTIL_SETTLED = 10;

    private static final Logger log = LoggerFactory.getLogger(BuildRecorder.class);

    private final RecordStore store;
    private final InstantSource clock;
    private final BuildEnds ends;
    private volatile Limits limits;
    private final AtomicLong lastId;
    private final Map<Long, String> clients = new ConcurrentHashMap<>();

    /// By their numbers in events.
    private final Map<Long, OngoingBuild> builds = new ConcurrentHashMap<>();

    /// Numbers of those that have changed since they were written down.
    private final Set<Long> changed = ConcurrentHashMap.newKeySet();
    private final AtomicLong leftOut = new AtomicLong();
    private final FetchedOutputs fetched = new FetchedOutputs();
    private final Thread writing = SteadyThread.unstarted("keep records of builds", this::writesAgain);

    /// Whether nothing is recorded, as it is not known what there is already.
    private final boolean isOff;

    /// What only the thread that writes knows: whether builds of an earlier life are still to be called interrupted,
    /// whether the last attempt to write failed, and when old records were removed.
    private boolean isToResume = true;

    private boolean fails;

    private boolean isCleaning;

    private int cleanings;

    private Instant cleaned = Instant.MIN;

    /// @param keep    how long records stay after the end of their builds
    /// @param logSize of one build, in bytes, before compression
    public record Limits(Duration keep, long logSize) {
        public Limits {
            if (!keep.isPositive()) throw new IllegalArgumentException("keep " + keep);
            if (logSize < 0) throw new IllegalArgumentException("logSize " + logSize);
        }
    }

    private BuildRecorder(
            RecordStore store, Limits limits, InstantSource clock, BuildEnds ends, long lastId, boolean isOff) {
        this.store = store;
        this.ends = ends;
        this.isOff = isOff;
        this.limits = limits;
        this.clock = clock;
        this.lastId = new AtomicLong(lastId);
    }

    /// Begins to record. Builds that went on when the last process ended are interrupted. If the store cannot be read,
    /// nothing is recorded in this life of the program, and the log says so.
    ///
    /// @param ends hears of what is recorded
    public static BuildRecorder open(RecordStore store, Limits limits, InstantSource clock, BuildEnds ends) {
        var recorder = unstarted(store, limits, clock, ends);
        if (!recorder.isOff) recorder.save();
        recorder.writing.start();
        return recorder;
    }

    /// Writes only what [#save] is called for.
    static BuildRecorder unstarted(RecordStore store, Limits limits, InstantSource clock, BuildEnds ends) {
        try {
            return new BuildRecorder(store, limits, clock, ends, store.lastId(), false);
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("why", e.getMessage())
                    .log("builds are not recorded until the next start, as the records of earlier ones cannot be read");
            return new BuildRecorder(store, limits, clock, ends, 0, true);
        }
    }

    /// Only answers what is written down by a program that has ended.
    public static BuildRecorder reading(RecordStore store) {
        return new BuildRecorder(
                store, new Limits(Duration.ofDays(1), 0), InstantSource.system(), BuildEnds.NONE, 0, true);
    }

    /// For builds that begin, and clean-ups that come, from now on.
    public void change(Limits newLimits) {
        limits = newLimits;
    }

    // ---- events

    @Override
    public void clientConnected(long client, String who) {
        clients.put(client, nameOf(who));
    }

    /// Without the address, which is another one for each connection.
    private static String nameOf(String who) {
        int at = who.lastIndexOf('@');
        return at > 0 ? who.substring(0, at) : who;
    }

    @Override
    public void clientLeft(long client, String who) {
        clients.remove(client);
    }

    @Override
    public void buildRequested(long build, long client, StorePath drvPath, BasicDerivation derivation) {
        if (isOff) return;
        if (builds.size() >= MOST_HELD) {
            leftOut.incrementAndGet();
            return;
        }
        long id = lastId.incrementAndGet();
        var who = clients.getOrDefault(client, "client " + client);
        var asked = clock.instant();
        builds.put(build, new OngoingBuild(id, who, drvPath, derivation, asked, new RecordedLog(id, limits.logSize())));
        fetched.expect(client, new BuildEnds.Key(id, drvPath, asked), derivation);
        changed.add(build);
    }

    @Override
    public BuildLog of(long build) {
        var known = builds.get(build);
        return known == null ? BuildLog.NONE : known.log();
    }

    @Override
    public void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        change(build, it -> it.requires(requiredFeatures));
    }

    @Override
    public void buildAlone(long build, StorePath drvPath, Duration waited) {
        change(build, it -> it.isAlone(waited));
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        change(build, it -> it.assigned(machine, reason, clock.instant(), waited));
    }

    @Override
    public void buildHeldUp(long build, StorePath drvPath, Duration took) {
        change(build, it -> it.heldUp(took));
    }

    @Override
    public void placed(long build, Supplier<PlacementAccount> account) {
        if (!builds.containsKey(build)) return;
        var given = account.get();
        change(build, it -> it.placed(given));
    }

    @Override
    public void outputSent(long client, StorePath path, String from, long bytes, Duration took) {
        if (isOff) return;
        var now = clock.instant();
        fetched.sent(client, path, bytes, took, now).ifPresent(build -> ends.fetched(build, path, bytes, took, now));
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        change(build, it -> it.assigned(machine, reason, clock.instant(), Duration.ZERO));
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        change(build, it -> it.copied(paths, bytes, took));
    }

    @Override
    public void memoryMeasured(long build, StorePath drvPath, String machine, long peakBytes) {
        change(build, it -> it.tookMemory(peakBytes));
    }

    @Override
    public void outputsMade(long build, StorePath drvPath, String machine, Map<StorePath, Long> outputs) {
        long bytes = outputs.values().stream().mapToLong(Long::longValue).sum();
        change(build, it -> it.hasOutputs(bytes));
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        change(build, it -> it.lost(machine, reason, clock.instant()));
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        change(build, it -> it.gaveResult(machine, took));
        end(build, status.isSuccess() ? Outcome.BUILT : Outcome.FAILED, message);
    }

    @Override
    public void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {
        change(build, it -> it.moved(machine, new Intervention(by, reason).words(), clock.instant()));
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        end(build, Outcome.CANCELLED, "cancelled " + new Intervention(by, reason).words());
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        end(build, Outcome.REFUSED, reason);
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        if (status.isSuccess()) end(build, Outcome.SHARED, "");
        else end(build, Outcome.FAILED, message);
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        end(build, Outcome.FOUND, "");
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        end(build, Outcome.ABANDONED, "");
    }

    private void end(long build, Outcome how, String why) {
        var known = builds.get(build);
        if (known == null) return;
        var now = clock.instant();
        known.end(how, why, now);
        changed.add(build);
        ends.ended(known.record(), known.left(now));
    }

    private interface Change {
        void make(OngoingBuild build);
    }

    private void change(long build, Change change) {
        var known = builds.get(build);
        if (known == null) return;
        change.make(known);
        changed.add(build);
    }

    // ---- questions

    /// The id of a build that goes on, or has ended a moment ago; empty if it is not recorded.
    ///
    /// @param build its number in events
    public Optional<Long> idOf(long build) {
        return Optional.ofNullable(builds.get(build)).map(OngoingBuild::id);
    }

    /// The newest first.
    ///
    /// @throws IOException if the store cannot be read
    public List<BuildRecord> find(Query query, int most) throws IOException {
        // Before the store: what is written down meanwhile is in both, and not in neither.
        var held = held();
        var found = new ArrayList<BuildRecord>();
        for (var record : held.values()) if (query.isMetBy(record)) found.add(record);
        for (var record : store.find(query, held.keySet(), most)) {
            var now = isOff ? record.afterItsProgram() : record;
            if (query.isMetBy(now)) found.add(now);
        }
        found.sort(Comparator.comparingLong(BuildRecord::id).reversed());
        return List.copyOf(found.subList(0, Math.min(most, found.size())));
    }

    public Optional<BuildRecord> find(long id) throws IOException {
        var held = ongoing(id);
        if (held.isPresent()) return held.map(OngoingBuild::record);
        return isOff ? store.find(id).map(BuildRecord::afterItsProgram) : store.find(id);
    }

    Map<Long, BuildRecord> held() {
        var held = new HashMap<Long, BuildRecord>();
        for (var build : builds.values()) held.put(build.id(), build.record());
        return Collections.unmodifiableMap(held);
    }

    /// How many have ended then or later, by how they ended; without those of the last second.
    public Map<Outcome, Long> count(Instant since) throws IOException {
        return store.count(since);
    }

    /// Why a build went to each machine that it was on, in that order.
    public List<PlacementAccount> placements(long id) throws IOException {
        // Before the store, as above.
        var held = ongoing(id).map(OngoingBuild::unsavedPlacements).orElse(List.of());
        var found = new ArrayList<>(store.placements(id));
        held.stream()
                .filter(placed -> placed.number() >= found.size())
                .map(Placed::account)
                .forEach(found::add);
        return List.copyOf(found);
    }

    private Optional<OngoingBuild> ongoing(long id) {
        return builds.values().stream().filter(build -> build.id() == id).findFirst();
    }

    /// A piece of the log of a build, as far as that is.
    ///
    /// @param from in bytes from the beginning of the log; not after its end
    /// @param most bytes, but for the rest of the piece or the line that the last of them is in
    /// @throws IllegalArgumentException if it is not that long
    public LogText log(long id, long from, int most) throws IOException {
        var rest = ongoing(id).map(build -> build.log().rest(from, most));
        var text = new ByteArrayOutputStream();
        long position = -1;
        int pieces = most / RecordedLog.PIECE + 2;
        var parts = store.log(id, from, pieces);
        for (var part : parts) {
            if (rest.isPresent() && part.part() >= rest.get().part()) break;
            if (text.size() >= most) return new LogText(from, ByteString.wrap(text.toByteArray()), false);
            if (position < 0) position = part.start();
            position = append(text, decompress(part), position, from);
        }
        if (rest.isPresent()) {
            // What was written down since is in the store only.
            if (parts.size() == pieces
                    || (position >= 0 && position < rest.get().start()))
                return new LogText(from, ByteString.wrap(text.toByteArray()), false);
            var unsaved = rest.get().text().toByteArray();
            position = rest.get().end();
            int begin = Math.clamp(from - rest.get().textAt(), 0, unsaved.length);
            int end = endOfLine(unsaved, begin + Math.max(0L, most - text.size()));
            text.write(unsaved, begin, end - begin);
            if (rest.get().textAt() + end < position)
                return new LogText(from, ByteString.wrap(text.toByteArray()), false);
        }
        if (from > Math.max(position, 0))
            throw new IllegalArgumentException("the log has %d bytes, not %d".formatted(Math.max(position, 0), from));
        return new LogText(from, ByteString.wrap(text.toByteArray()), rest.isPresent() || parts.size() < pieces);
    }

    /// Where the line ends that goes on at `at`.
    private static int endOfLine(byte[] text, long at) {
        int end = (int) Math.min(at, text.length);
        while (end > 0 && end < text.length && text[end - 1] != '\n') end++;
        return end;
    }

    /// How many bytes the log of a build has by now.
    public long logLength(long id) throws IOException {
        var rest = ongoing(id).map(build -> build.log().rest(Long.MAX_VALUE, 0));
        if (rest.isPresent()) return rest.get().end();
        // The last piece.
        long length = 0;
        for (var part : store.log(id, Long.MAX_VALUE, 1)) length = part.start() + decompress(part).length;
        return length;
    }

    /// @param start where `piece` begins
    /// @return where it ends
    private static long append(ByteArrayOutputStream text, byte[] piece, long start, long from) {
        int skipped = Math.clamp(from - start, 0, piece.length);
        text.write(piece, skipped, piece.length - skipped);
        return start + piece.length;
    }

    /// Builds that were on a machine and went on at some time in between, in no order that matters.
    ///
    /// @param most how many are wanted
    public List<BuildRecord> between(RecordFigures figures, Instant from, Instant to, int most) throws IOException {
        var held = held();
        var found = new ArrayList<BuildRecord>();
        for (var record : held.values())
            if (!record.attempts().isEmpty()
                    && record.asked().isBefore(to)
                    && !record.ended().filter(from::isAfter).isPresent()) found.add(record);
        for (var record : figures.between(from, to, most)) if (!held.containsKey(record.id())) found.add(record);
        return List.copyOf(found.subList(0, Math.min(most, found.size())));
    }

    private static byte[] decompress(LogPart part) throws IOException {
        try {
            return Compression.LOGS.decompress(part.compressed());
        } catch (IllegalArgumentException e) {
            throw new IOException("piece %d of the log cannot be read: %s".formatted(part.part(), e.getMessage()), e);
        }
    }

    // ---- writing

    private boolean writesAgain() throws InterruptedException {
        Thread.sleep(ROUND);
        if (isOff) return false;
        save();
        isCleaning |= cleaned.plus(BETWEEN_CLEANUPS).isBefore(clock.instant());
        if (isCleaning) isCleaning = forgetSomeOld();
        return true;
    }

    /// How much of what a build had to save is written down.
    private record Saved(int parts, int placements) {}

    /// Writes down what has changed.
    void save() {
        // What changes again afterwards is written down in the next round.
        var numbers = new HashSet<>(changed);
        changed.removeAll(numbers);
        // Logs grow without any event.
        builds.forEach((number, build) -> {
            if (build.log().hasUnsaved()) numbers.add(number);
        });
        var fetches = fetched.unsaved();
        if (numbers.isEmpty() && fetches.isEmpty() && !isToResume) return;
        var records = new ArrayList<BuildRecord>();
        var logs = new ArrayList<LogPart>();
        var placements = new ArrayList<Placed>();
        var saved = new HashMap<OngoingBuild, Saved>();
        var over = new ArrayList<Long>();
        for (var number : numbers) {
            var build = builds.get(number);
            if (build == null) continue;
            var record = build.record();
            var parts = build.log().unsaved();
            records.add(record);
            logs.addAll(parts);
            var placed = build.unsavedPlacements();
            placements.addAll(placed);
            saved.put(build, new Saved(parts.size(), placed.size()));
            if (record.outcome().isOver()) over.add(number);
        }
        try {
            if (isToResume) store.interrupt(clock.instant());
            isToResume = false;
            store.save(new Batch(records, logs, placements, fetches));
            fetched.saved(fetches.size());
            saved.forEach((build, counts) -> {
                build.log().saved(counts.parts);
                build.savedPlacements(counts.placements);
            });
            over.forEach(builds::remove);
            fails = false;
        } catch (IOException e) {
            changed.addAll(numbers);
            if (!fails)
                log.atWarn()
                        .addKeyValue("why", e.getMessage())
                        .log("records of builds cannot be written; that is tried again each second");
            fails = true;
        }
        long missing = leftOut.getAndSet(0);
        if (missing > 0)
            log.atWarn()
                    .addKeyValue("builds", missing)
                    .log("builds are not recorded, as too many are under way or could not be written down");
    }

    /// Removes some records that are too old, in small steps.
    ///
    /// @return whether there may be more of them
    boolean forgetSomeOld() {
        var now = clock.instant();
        try {
            for (int step = 0; step < DELETIONS_AT_ONCE; step++)
                if (!store.forgetBefore(now.minus(limits.keep()))) {
                    cleaned = now;
                    return false;
                }
            if (++cleanings % ROUNDS_UNTIL_SETTLED == 0) store.settle();
            return true;
        } catch (IOException e) {
            cleaned = now;
            log.atWarn()
                    .addKeyValue("why", e.getMessage())
                    .log("old records of builds cannot be removed; that is tried again in an hour");
            return false;
        }
    }

    /// Writes down what has ended by now.
    @Override
    public void close() {
        writing.interrupt();
        try {
            writing.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!isOff) save();
    }
}
