package dispatcher.record;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.nix.ByteString;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Where records are written down, so that they outlive the process. Safe for any thread; each method is done as a
/// whole or not at all.
public interface RecordStore {
    /// Which records are wanted: those for which all of it is true.
    ///
    /// @param before  only those with a smaller id
    /// @param name    of the derivation, or a beginning of it
    /// @param machine of the last attempt
    /// @param outcome one of these; any if it is empty
    /// @param since   only those that were asked for then or later
    record Query(
            long before,
            Optional<String> name,
            Optional<String> machine,
            Optional<String> client,
            List<BuildRecord.Outcome> outcome,
            Optional<Instant> since) {
        public Query {
            outcome = List.copyOf(outcome);
        }

        public static final Query ALL = new Query(
                Long.MAX_VALUE, Optional.empty(), Optional.empty(), Optional.empty(), List.of(), Optional.empty());

        boolean isMetBy(BuildRecord record) {
            return record.id() < before
                    && name.map(record.name()::startsWith).orElse(true)
                    && machine.map(it -> record.machine().filter(it::equals).isPresent())
                            .orElse(true)
                    && client.map(record.client()::equals).orElse(true)
                    && (outcome.isEmpty() || outcome.contains(record.outcome()))
                    && since.map(it -> !record.asked().isBefore(it)).orElse(true);
        }
    }

    /// A piece of a build's log, as it is kept: compressed by `deflate`.
    ///
    /// @param part  counts those of a build from 0
    /// @param start bytes of the log before it, as it was before compression
    record LogPart(long build, int part, long start, ByteString compressed) {
        /// Of a piece as it was printed.
        public static LogPart of(long build, int part, long start, byte[] text) {
            return new LogPart(build, part, start, Compression.LOGS.compress(text));
        }
    }

    /// Why a build went to a machine.
    ///
    /// @param number counts those of a build from 0
    record Placed(long build, int number, PlacementAccount account) {}

    /// The client of a build has fetched an output.
    record Fetch(long build, long bytes, Duration took, Instant at) {}

    /// What is written down at once.
    ///
    /// @param records what is so of them now, but for what was fetched, which `fetches` adds up
    record Batch(List<BuildRecord> records, List<LogPart> logs, List<Placed> placements, List<Fetch> fetches) {
        public Batch {
            logs = List.copyOf(logs);
            placements = List.copyOf(placements);
            fetches = List.copyOf(fetches);
        }

        public static Batch of(List<BuildRecord> records) {
            return new Batch(records, List.of(), List.of(), List.of());
        }
    }

    /// The largest id that was ever given; 0 if there is none.
    long lastId() throws IOException;

    /// Says of all that were going on that they are interrupted. To be called before anything is saved.
    ///
    /// @param now when that is found
    void interrupt(Instant now) throws IOException;

    /// Puts these in the place of what is written down of the same builds, and adds the rest.
    void save(Batch batch) throws IOException;

    /// The newest first.
    ///
    /// @param except those with these ids are not wanted
    /// @param most   how many are wanted
    List<BuildRecord> find(Query query, Set<Long> except, int most) throws IOException;

    Optional<BuildRecord> find(long id) throws IOException;

    /// How many have ended then or later, by how they ended.
    Map<BuildRecord.Outcome, Long> count(Instant since) throws IOException;

    /// Why a build went to each machine that it was on, in the order in which it did.
    List<PlacementAccount> placements(long id) throws IOException;

    /// The log as far as it is written down, in its order, from the piece on that has byte number `from`.
    ///
    /// @param most pieces
    List<LogPart> log(long id, long from, int most) throws IOException;

    /// Forgets builds that ended before then, with their logs; a limited number in one call.
    ///
    /// @return whether there may be more of them
    boolean forgetBefore(Instant end) throws IOException;

    /// Has the disk take what was written, for as long as the disk needs; others read and write meanwhile. Where nobody
    /// calls this now and then, some write has to wait for the disk.
    default void settle() {}
}
