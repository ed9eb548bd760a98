package dispatcher.cli.api.record;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What builds of each kind waited for, and which machines there are for them. Times are in seconds.
///
/// @param since the beginning of the hour from which builds are counted
/// @param kinds those that waited longest for machines first
public record LoadAnswer(Instant now, Instant since, List<Kind> kinds) {
    public static final String PATH = "/api/v1/load";

    public LoadAnswer {
        kinds = List.copyOf(kinds);
    }

    /// Builds of one system that require the same features.
    ///
    /// @param builds       that ended on a machine, or that no machine could build
    /// @param refused      of these, the ones that no machine could build
    /// @param waited       of all of them together, as are `copying` and `building`
    /// @param longestWait  of one, for a machine
    /// @param waiting      now
    /// @param oldest       since when the first of these waits
    /// @param machines     that can build them
    /// @param slots        of these machines, as far as they may have builds now
    /// @param slotsTaken   by builds of any kind
    public record Kind(
            String system,
            List<String> features,
            long builds,
            long failed,
            long refused,
            Waited waited,
            BigDecimal copying,
            BigDecimal building,
            BigDecimal longestWait,
            long waiting,
            Optional<Instant> oldest,
            long machines,
            long slots,
            long slotsTaken) {
        public Kind {
            features = List.copyOf(features);
        }
    }

    public record Waited(BigDecimal equalBuild, BigDecimal slot, BigDecimal awayMachine) {}
}
