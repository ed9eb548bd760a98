package dispatcher.cli.api.record;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Why a build went to a machine, as it was then. Times are in seconds.
///
/// @param machine    where it went
/// @param machines   how many there were
/// @param chosen     what spoke for that machine
/// @param others     the best of those that had a free slot for it too, the best first
/// @param free       how many had a free slot for it too, those in `others` included
/// @param objections why the rest did not get it, to how many machines
public record PlacementAnswer(
        String machine,
        long machines,
        Points chosen,
        List<Points> others,
        long free,
        SortedMap<String, Long> objections) {
    public PlacementAnswer {
        others = List.copyOf(others);
        objections = Collections.unmodifiableSortedMap(new TreeMap<>(objections));
    }

    /// What spoke for a machine.
    ///
    /// @param score     by which machines are compared; the least is best
    /// @param boot      until it was up; absent if it was
    /// @param copy      of the inputs that it lacked, which are `copyBytes`, and for setting up
    /// @param build     absent if nothing was known of how long such builds take, as are `finish` and `score`
    /// @param finish    until the end
    /// @param spared    it was kept for builds that need more of what it offers, and counted double
    /// @param speed     that the estimates used
    public record Points(
            String name,
            Optional<BigDecimal> score,
            Optional<BigDecimal> boot,
            BigDecimal copy,
            long copyBytes,
            Optional<BigDecimal> build,
            Optional<BigDecimal> finish,
            boolean spared,
            long slotsTaken,
            long slots,
            BigDecimal speed) {}
}
