package dispatcher.cli.api;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Where a build would go, and why. Times are in seconds.
///
/// @param drv           of which derivation; empty if it is about any of that system
/// @param name          as asked for, without `drv`
/// @param chosen        the machine that it would go to now
/// @param possible      whether some machine can do it, now or later
/// @param waiting       builds that wait already
/// @param expected      what it takes on a machine of speed 1
/// @param expectedKnown whether such builds were seen before; otherwise `expected` is from what others took
/// @param resources     what it takes of them
public record ExplainAnswer(
        Optional<String> drv,
        Optional<String> name,
        String system,
        List<String> features,
        Optional<String> chosen,
        boolean possible,
        long waiting,
        Figure<BigDecimal> expected,
        boolean expectedKnown,
        Inputs inputs,
        SortedMap<String, Long> resources,
        List<Choice> machines) {
    public ExplainAnswer {
        features = List.copyOf(features);
        resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
        machines = List.copyOf(machines);
    }

    /// @param bytes   of those whose size is known
    /// @param unknown how many have no known size
    public record Inputs(long paths, long bytes, long unknown) {}

    /// A machine. What follows `reason` exists only if it can have the build.
    ///
    /// @param verdict    `chosen`, `not-best`, `not-now` or `never`
    /// @param reason     of the last two, and of a machine that is this host
    /// @param untilStart when a slot should be free
    /// @param copy       of the inputs that it lacks, which are `copyBytes`
    /// @param score      what it is compared by; less is better
    /// @param spared     it is kept for builds that need more of what it offers
    /// @param power      `off` or `starting`, if it is not up
    /// @param startsIn   from the free slot until it is up, if it is not up then
    public record Choice(
            String name,
            String verdict,
            Optional<String> reason,
            Figure<BigDecimal> untilStart,
            Figure<BigDecimal> copy,
            Figure<BigDecimal> build,
            Figure<BigDecimal> finish,
            Figure<BigDecimal> score,
            Optional<Long> copyBytes,
            Optional<Boolean> spared,
            Optional<Long> slotsTaken,
            Optional<Long> slots,
            Figure<BigDecimal> speed,
            Optional<String> power,
            Figure<BigDecimal> startsIn) {}
}
