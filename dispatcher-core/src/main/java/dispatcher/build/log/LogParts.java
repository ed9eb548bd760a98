package dispatcher.build.log;

import dispatcher.schedule.policy.Amounts;
import dispatcher.store.BuildLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Parts of a build's log that wait for their reader. If there are too many, the oldest are left out and counted:
/// the reader has had the beginning, and gets the end.
///
/// Bounded by [#MOST_BYTES] and one part. Once all of this process together hold [#MOST_BYTES_OF_ALL], each may
/// have its share of that, and [#LEAST_BYTES] at least.
///
/// Guarded by its owner's lock. To be cleared in the end.
final class LogParts {
    static final int MOST_BYTES = 2 << 20;
    static final int LEAST_BYTES = 32 * 1024;
    static final int MOST_BYTES_OF_ALL = 16 << 20;

    /// What a part takes beside its text.
    private static final int PART_BYTES = 128;

    /// What all logs of this process hold, whose heap it is.
    private static final AtomicLong HELD = new AtomicLong();

    /// Those that hold something.
    private static final AtomicInteger BUSY = new AtomicInteger();

    /// @param event what is written to a log
    /// @param text  its length in bytes
    /// @param place whether it says where the build is, which is never left out unless it has moved on
    /// @param line  whether it is a line of the log for people
    record Part(Consumer<BuildLog> event, int text, boolean place, boolean line) {
        Part(Consumer<BuildLog> event, int text) {
            this(event, text, false);
        }

        Part(Consumer<BuildLog> event, int text, boolean place) {
            this(event, text, place, true);
        }

        /// One without text, that nobody misses.
        static Part unseen(Consumer<BuildLog> event) {
            return new Part(event, 0, false, false);
        }

        private int bytes() {
            return text + PART_BYTES;
        }
    }

    /// What has waited, in order.
    record Batch(Optional<String> gap, List<Part> parts) {
        private static final Batch EMPTY = new Batch(Optional.empty(), List.of());

        boolean isEmpty() {
            return parts.isEmpty();
        }

        /// Writes all of it to a log, and a note of how much was left out where something was.
        void writeTo(BuildLog log) {
            gap.ifPresent(log::note);
            for (var part : parts) part.event.accept(log);
        }
    }

    private ArrayDeque<Part> parts = new ArrayDeque<>();
    private @Nullable Part place;
    private long bytes;
    private long leftOut;
    private long leftOutText;

    /// Whether something would be left out if it was added now.
    boolean isFullFor(Part part) {
        return bytes > 0 && bytes + part.bytes() > most(part.bytes());
    }

    void add(Part part) {
        if (parts.isEmpty()) BUSY.incrementAndGet();
        parts.addLast(part);
        bytes += part.bytes();
        HELD.addAndGet(part.bytes());
        while (parts.size() > 1 && bytes > most(0)) leaveOutOldest();
    }

    /// @param more than is held now
    private static int most(int more) {
        return HELD.get() + more <= MOST_BYTES_OF_ALL
                ? MOST_BYTES
                : Math.clamp(MOST_BYTES_OF_ALL / Math.max(1, BUSY.get()), LEAST_BYTES, MOST_BYTES);
    }

    private void leaveOutOldest() {
        var oldest = parts.removeFirst();
        bytes -= oldest.bytes();
        HELD.addAndGet(-oldest.bytes());
        if (oldest.place) {
            place = oldest;
            return;
        }
        if (!oldest.line) return;
        leftOut++;
        leftOutText += oldest.text;
    }

    /// About what is held in memory.
    long bytes() {
        return bytes;
    }

    /// Hands over all that is held.
    Batch take() {
        if (parts.isEmpty()) return Batch.EMPTY;
        var taken = new ArrayList<Part>(parts.size() + 1);
        if (place != null) taken.add(place);
        taken.addAll(parts);
        var batch = new Batch(gap(), taken);
        clear();
        return batch;
    }

    private Optional<String> gap() {
        return leftOut == 0
                ? Optional.empty()
                : Optional.of("dispatcher: %d lines of the log (%s) are left out here, as they were not read in time"
                        .formatted(leftOut, Amounts.bytes(leftOutText)));
    }

    /// Forgets all that is held.
    void clear() {
        if (!parts.isEmpty()) BUSY.decrementAndGet();
        HELD.addAndGet(-bytes);
        // A new one, as the old one keeps its size.
        parts = new ArrayDeque<>();
        place = null;
        bytes = 0;
        leftOut = 0;
        leftOutText = 0;
    }

    /// What all logs of this process hold.
    static long heldByAll() {
        return HELD.get();
    }
}
