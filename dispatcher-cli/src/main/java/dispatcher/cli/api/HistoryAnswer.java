package dispatcher.cli.api;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What is known of builds and machines. What is not known is left out.
///
/// @param packages    the first 10,000
/// @param allPackages how many there are
public record HistoryAnswer(List<PackageLine> packages, long allPackages, List<MachineLine> machines) {
    public static final String PATH = "/api/v1/history";

    public HistoryAnswer {
        packages = List.copyOf(packages);
        machines = List.copyOf(machines);
    }

    /// The builds of a package on a system. Seconds are those of a machine of speed 1.
    ///
    /// @param highSeconds      nine of ten builds took less
    /// @param samples          builds that the seconds follow from
    /// @param remainingSeconds of the longest chain of builds that begins there
    /// @param peakMemory       in bytes, as are `outputBytes`
    public record PackageLine(
            String name,
            String system,
            long builds,
            Instant lastSeen,
            Optional<BigDecimal> medianSeconds,
            Optional<BigDecimal> highSeconds,
            Optional<Long> samples,
            Optional<BigDecimal> remainingSeconds,
            Optional<Long> peakMemory,
            Optional<Long> outputBytes) {}

    /// A machine.
    ///
    /// @param measurements builds that `speed` follows from
    /// @param bandwidth    in bytes per second
    public record MachineLine(
            String name, BigDecimal configuredSpeed, BigDecimal speed, long measurements, Optional<Long> bandwidth) {}
}
