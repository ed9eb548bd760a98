package dispatcher.cli.api.record;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The packages whose builds cost most. Times are in seconds, sizes in bytes.
///
/// @param since    the beginning of the day from which builds are counted
/// @param packages the costliest first
public record PackagesAnswer(Instant now, Instant since, List<Cost> packages) {
    public static final String PATH = "/api/v1/packages";

    public PackagesAnswer {
        packages = List.copyOf(packages);
    }

    /// @param name       without version
    /// @param building   of all builds together, as are `copying`, `copiedBytes` and `outputBytes`
    /// @param peakMemory of the build that took most; absent if none was measured
    public record Cost(
            String name,
            String system,
            long builds,
            long failed,
            BigDecimal building,
            BigDecimal copying,
            long copiedBytes,
            long outputBytes,
            Optional<Long> peakMemory) {}
}
