package dispatcher.record;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.build.placement.PlacementAccount;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord.Attempt;
import dispatcher.record.BuildRecord.Copied;
import dispatcher.record.BuildRecord.Fetched;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecord.Waits;
import dispatcher.record.RecordStore.Placed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/// The record of a build while it goes on. Safe for any thread.
final class OngoingBuild {
    /// Characters of a message that are kept.
    private static final int LONGEST_MESSAGE = 4_000;

    private static final int MOST_PLACEMENTS = 8;

    private final long id;
    private final String client;
    private final StorePath drvPath;
    private final String system;
    private final Instant asked;
    private final RecordedLog log;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private SortedSet<String> features = Collections.emptySortedSet();

    @GuardedBy("lock")
    private Optional<Instant> ended = Optional.empty();

    @GuardedBy("lock")
    private Outcome outcome = Outcome.WAITING;

    @GuardedBy("lock")
    private String message = "";

    @GuardedBy("lock")
    private Waits waits = Waits.NONE;

    /// Whether no equal build is under way any more.
    @GuardedBy("lock")
    private boolean alone;

    /// Of what it waits for a machine now.
    @GuardedBy("lock")
    private Duration heldUp = Duration.ZERO;

    @GuardedBy("lock")
    private final List<Placed> unsaved = new ArrayList<>();

    @GuardedBy("lock")
    private int placements;

    @GuardedBy("lock")
    private final List<Stay> stays = new ArrayList<>();

    @GuardedBy("lock")
    private Copied copied = Copied.NOTHING;

    @GuardedBy("lock")
    private Duration built = Duration.ZERO;

    @GuardedBy("lock")
    private long outputBytes;

    @GuardedBy("lock")
    private long peakMemory;

    /// @param left when it was off its machine, if that was before the end
    private record Stay(Attempt attempt, Optional<Instant> left) {}

    OngoingBuild(
            long id, String client, StorePath drvPath, BasicDerivation derivation, Instant asked, RecordedLog log) {
        this.id = id;
        this.client = client;
        this.drvPath = drvPath;
        this.system = derivation.platform();
        this.asked = asked;
        this.log = log;
    }

    long id() {
        return id;
    }

    RecordedLog log() {
        return log;
    }

    void requires(SortedSet<String> wanted) {
        lock.lock();
        try {
            features = wanted;
            outcome = Outcome.WAITING;
        } finally {
            lock.unlock();
        }
    }

    void isAlone(Duration waited) {
        lock.lock();
        try {
            alone = true;
            waits = new Waits(waited, waits.forSlot(), waits.forAwayMachine());
        } finally {
            lock.unlock();
        }
    }

    /// @param waited for a machine since it was queued; the first time, for equal builds too
    void assigned(String machine, String reason, Instant now, Duration waited) {
        lock.lock();
        try {
            var here = stays.isEmpty() ? waited.minus(waits.forEqualBuild()) : waited;
            var slot = here.minus(heldUp);
            waits = new Waits(
                    waits.forEqualBuild(),
                    waits.forSlot().plus(slot.isNegative() ? Duration.ZERO : slot),
                    waits.forAwayMachine().plus(heldUp));
            heldUp = Duration.ZERO;
            stays.add(new Stay(Attempt.begun(machine, reason, now), Optional.empty()));
            copied = Copied.NOTHING;
            outcome = Outcome.RUNNING;
        } finally {
            lock.unlock();
        }
    }

    void heldUp(Duration took) {
        lock.lock();
        try {
            heldUp = heldUp.plus(took);
        } finally {
            lock.unlock();
        }
    }

    /// Of very many placements of one build the first are kept.
    void placed(PlacementAccount account) {
        lock.lock();
        try {
            if (placements < MOST_PLACEMENTS) unsaved.add(new Placed(id, placements++, account));
        } finally {
            lock.unlock();
        }
    }

    /// Placements that are not written down yet.
    List<Placed> unsavedPlacements() {
        lock.lock();
        try {
            return List.copyOf(unsaved);
        } finally {
            lock.unlock();
        }
    }

    /// These are written down, the first ones of [#unsavedPlacements].
    void savedPlacements(int count) {
        lock.lock();
        try {
            unsaved.subList(0, count).clear();
        } finally {
            lock.unlock();
        }
    }

    void lost(String machine, String reason, Instant now) {
        endAttempt(machine, attempt -> attempt.lostFor(cut(reason)), now);
    }

    void moved(String machine, String why, Instant now) {
        endAttempt(machine, attempt -> attempt.movedFor(cut(why)), now);
    }

    /// The last one there that goes on.
    private void endAttempt(String machine, UnaryOperator<Attempt> change, Instant now) {
        lock.lock();
        try {
            for (int i = stays.size() - 1; i >= 0; i--) {
                var attempt = stays.get(i).attempt();
                if (!attempt.machine().equals(machine) || !attempt.isWhole()) continue;
                stays.set(i, new Stay(change.apply(attempt), Optional.of(now)));
                break;
            }
        } finally {
            lock.unlock();
        }
    }

    void copied(int paths, long bytes, Duration took) {
        lock.lock();
        try {
            copied = new Copied(paths, bytes, took);
        } finally {
            lock.unlock();
        }
    }

    void hasOutputs(long bytes) {
        lock.lock();
        try {
            outputBytes = bytes;
        } finally {
            lock.unlock();
        }
    }

    void tookMemory(long peak) {
        lock.lock();
        try {
            peakMemory = Math.max(peakMemory, peak);
        } finally {
            lock.unlock();
        }
    }

    /// @param machine that gave the result, which of two attempts at once counts
    void gaveResult(String machine, Duration took) {
        lock.lock();
        try {
            built = took;
            // The last attempt is the one that counts.
            for (int i = 0; i < stays.size() - 1; i++) {
                var attempt = stays.get(i).attempt();
                if (attempt.machine().equals(machine) && attempt.isWhole()) stays.add(stays.remove(i));
            }
        } finally {
            lock.unlock();
        }
    }

    void end(Outcome how, String why, Instant now) {
        lock.lock();
        try {
            outcome = how;
            message = cut(why);
            ended = Optional.of(now);
            boolean stopped = how == Outcome.CANCELLED || how == Outcome.ABANDONED;
            if (stopped && !alone && stays.isEmpty())
                waits = new Waits(
                        Duration.ofMillis(now.toEpochMilli() - asked.toEpochMilli()),
                        waits.forSlot(),
                        waits.forAwayMachine());
        } finally {
            lock.unlock();
        }
        log.end();
    }

    private static String cut(String text) {
        if (text.length() <= LONGEST_MESSAGE) return text;
        int end = Character.isHighSurrogate(text.charAt(LONGEST_MESSAGE - 1)) ? LONGEST_MESSAGE - 1 : LONGEST_MESSAGE;
        return text.substring(0, end) + " …";
    }

    /// When each attempt left its machine, in their order: those that did not before the end, then.
    List<Instant> left(Instant end) {
        lock.lock();
        try {
            return stays.stream().map(stay -> stay.left().orElse(end)).toList();
        } finally {
            lock.unlock();
        }
    }

    BuildRecord record() {
        lock.lock();
        try {
            return new BuildRecord(
                    id,
                    client,
                    drvPath,
                    system,
                    features,
                    asked,
                    ended,
                    outcome,
                    message,
                    waits,
                    stays.stream().map(Stay::attempt).toList(),
                    copied,
                    Fetched.NOTHING,
                    built,
                    outputBytes,
                    peakMemory);
        } finally {
            lock.unlock();
        }
    }
}
