package dispatcher.record;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// What records of very many builds come to. Safe for any thread.
public interface RecordFigures {
    /// What builds of one kind waited for and took.
    ///
    /// @param features    that they require
    /// @param builds      that ended, without those that gave up waiting or got another's result
    /// @param failed      of these, the ones that failed themselves
    /// @param refused     that no machine could build
    /// @param forSlot     of all of them together, as are the other times
    /// @param longestWait of one, for a slot or a machine that was away
    record Load(
            String system,
            SortedSet<String> features,
            long builds,
            long failed,
            long refused,
            Duration forEqualBuild,
            Duration forSlot,
            Duration forAwayMachine,
            Duration copying,
            Duration building,
            Duration longestWait) {
        public Load {
            features = Collections.unmodifiableSortedSet(new TreeSet<>(features));
        }
    }

    /// What builds of one package cost.
    ///
    /// @param name        of the package, without version
    /// @param building    of all of them together
    /// @param copiedBytes to machines
    /// @param outputBytes as NARs
    /// @param peakMemory  of the one that took most; 0 if it was not measured
    record PackageCost(
            String name,
            String system,
            long builds,
            long failed,
            Duration building,
            Duration copying,
            long copiedBytes,
            long outputBytes,
            long peakMemory) {}

    /// By which packages are compared.
    enum Cost {
        TIME,
        COPIED,
        OUTPUT,
        MEMORY
    }

    /// Builds that were on a machine and went on at some time in between, those that ended last first.
    ///
    /// @param most how many are wanted
    List<BuildRecord> between(Instant from, Instant to, int most) throws IOException;

    /// By system and features, since the hour in which `from` is; those that waited longest first.
    List<Load> load(Instant from) throws IOException;

    /// The costliest first, since the day on which `from` is.
    ///
    /// @param most how many are wanted
    List<PackageCost> packages(Instant from, Cost by, int most) throws IOException;
}
