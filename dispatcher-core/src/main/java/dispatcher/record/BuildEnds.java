package dispatcher.record;

import dispatcher.nix.StorePath;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Hears of builds on record when they are over. Called on the thread on which that happens, with no lock held. An
/// implementation must return soon and throw nothing.
public interface BuildEnds {
    /// Hears nothing.
    BuildEnds NONE = new BuildEnds() {};

    /// @param left when each attempt left its machine, in the order of the record's attempts; the end of the build for
    ///             those that went on so long
    default void ended(BuildRecord record, List<Instant> left) {}

    /// The client has got an output, as a rule after the end of the build.
    ///
    /// @param at when it was there
    default void fetched(Key build, StorePath output, long bytes, Duration took, Instant at) {}

    /// What names a build, and no other one of any dispatcher.
    ///
    /// @param id    of its record
    /// @param asked when the client asked
    record Key(long id, StorePath drvPath, Instant asked) {
        public static Key of(BuildRecord record) {
            return new Key(record.id(), record.drvPath(), record.asked());
        }
    }
}
