package dispatcher.cli.api;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// A machine.
///
/// @param state             `ready`, `set-aside`, `on-trial`, `under-pressure`, `drained`, `undescribed` or `removed`
/// @param bandwidth         in bytes per second
/// @param bandwidthMeasured false: it is only assumed
/// @param measured          how it was doing a moment ago; absent if it was not measured lately
/// @param reason            of a state in which it gets no builds, or fewer
/// @param since             when it was set aside
/// @param triedAgain        when one that is set aside is looked at, or one that is undescribed is asked; absent for
///                          all others, and while that is being done
/// @param onDemand          of a machine that is started for builds and stopped when idle
/// @param description       what it has said of itself
/// @param drained           of a machine that somebody has drained
public record MachineAnswer(
        String name,
        String address,
        String state,
        long slots,
        long slotsTaken,
        List<Running> running,
        Speed speed,
        long bandwidth,
        boolean bandwidthMeasured,
        Optional<Measured> measured,
        List<String> systems,
        List<String> supportedFeatures,
        List<String> mandatoryFeatures,
        SortedMap<String, Resource> resources,
        List<Refusal> refuses,
        Optional<String> reason,
        Optional<Instant> since,
        Optional<Instant> triedAgain,
        Optional<OnDemand> onDemand,
        Optional<Description> description,
        Optional<Drained> drained) {
    public MachineAnswer {
        running = List.copyOf(running);
        systems = List.copyOf(systems);
        supportedFeatures = List.copyOf(supportedFeatures);
        mandatoryFeatures = List.copyOf(mandatoryFeatures);
        resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
        refuses = List.copyOf(refuses);
    }

    /// @param again when it is tried again
    public MachineAnswer withMeasured(Optional<Measured> now, Optional<Instant> again) {
        return with(now, reason, again, onDemand, description, drained);
    }

    public MachineAnswer withOnDemand(Optional<OnDemand> now) {
        return with(measured, reason, triedAgain, now, description, drained);
    }

    /// @param why it is drained, in words
    public MachineAnswer withDrained(Drained now, String why) {
        var told = Optional.of(why).filter(words -> !words.isEmpty()).or(() -> reason);
        return with(measured, told, triedAgain, onDemand, description, Optional.of(now));
    }

    /// @param why it has not said what it is, if that keeps builds from it
    public MachineAnswer withDescription(Optional<Description> now, Optional<String> why) {
        return with(measured, why.or(() -> reason), triedAgain, onDemand, now, drained);
    }

    private MachineAnswer with(
            Optional<Measured> newMeasured,
            Optional<String> newReason,
            Optional<Instant> newTriedAgain,
            Optional<OnDemand> newOnDemand,
            Optional<Description> newDescription,
            Optional<Drained> newDrained) {
        return new MachineAnswer(
                name,
                address,
                state,
                slots,
                slotsTaken,
                running,
                speed,
                bandwidth,
                bandwidthMeasured,
                newMeasured,
                systems,
                supportedFeatures,
                mandatoryFeatures,
                resources,
                refuses,
                newReason,
                since,
                newTriedAgain,
                newOnDemand,
                newDescription,
                newDrained);
    }

    /// What it has said of itself when it was asked; a member that it did not say is left out.
    ///
    /// @param at           when it said so
    /// @param cores        processors that are online
    /// @param memory       bytes in all
    /// @param disk         size of the disk of its store
    /// @param diskFree     of that
    /// @param nix          the version of its Nix
    /// @param storeDir     of its Nix
    /// @param systems      what its Nix builds for
    /// @param features     its Nix's `system-features`
    /// @param experimental its Nix's `experimental-features`
    public record Description(
            Instant at,
            Optional<Long> cores,
            Optional<Long> memory,
            Optional<Long> disk,
            Optional<Long> diskFree,
            Optional<String> nix,
            Optional<String> storeDir,
            Optional<List<String>> systems,
            Optional<List<String>> features,
            Optional<List<String>> experimental) {}

    /// Since when it gets no more builds, by whom and why; left out as far as it is not known.
    ///
    /// @param note what that person wrote down; one line
    public record Drained(Optional<Instant> since, Optional<String> by, Optional<String> note) {}

    /// Whether it is on.
    ///
    /// @param state    `off`, `starting`, `ready`, `stopping` or `failed`
    /// @param since    when it came into that state
    /// @param uses     connections to it that are in use, and those who wait for it
    /// @param stopping whether it is stopped when the last use ends
    /// @param problem  what went wrong last with starting or stopping it
    /// @param startsIn seconds from its start until it should be ready, or what is left of them; absent if it is
    ///                 ready
    public record OnDemand(
            String state,
            Instant since,
            long uses,
            boolean stopping,
            Optional<String> problem,
            Optional<BigDecimal> startsIn) {}

    /// How a machine was doing when it was measured last, which is while it builds or is connected.
    ///
    /// @param load          processes that ran or waited for disks, averaged over a minute
    /// @param disk          of its Nix store
    /// @param buildDisk     of the directories in which it builds; may be the same
    /// @param cpuStalled    from 0 to 1: how much of the time something waited for a processor; absent if the
    ///                      machine does not say so, as is `memoryStalled`
    /// @param memoryStalled how much of the time everything waited for memory
    public record Measured(
            Instant at,
            BigDecimal load,
            long cores,
            Room memory,
            Room disk,
            Room buildDisk,
            Optional<BigDecimal> cpuStalled,
            Optional<BigDecimal> memoryStalled) {}

    /// In bytes.
    public record Room(long free, long of) {}

    /// A build that runs there.
    ///
    /// @param client      whose it is; empty if it has no owner
    /// @param expectedEnd unknown before such a build was ever seen
    public record Running(String drv, String client, Instant since, Figure<Instant> expectedEnd) {}

    /// @param configured in the settings
    public record Speed(BigDecimal configured, BigDecimal measured) {}

    /// In bytes, or a count.
    public record Resource(long taken, long of) {}

    /// Builds that it has refused for its own settings.
    ///
    /// @param until it gets none of them if others can do them
    public record Refusal(String need, String reason, Instant until) {}
}
