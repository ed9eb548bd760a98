package dispatcher.cli.serve;

import dispatcher.build.request.Expectations;
import dispatcher.cli.recording.RecordingFacts;
import dispatcher.cli.settings.Settings;
import dispatcher.history.History;
import dispatcher.machine.Machine;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import dispatcher.schedule.policy.Work;
import dispatcher.simulate.model.Host;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.Supplier;

/// What this dispatcher knows, for its recorder.
///
/// @param machines with what they have said of themselves
/// @param settings what is in force
/// @param narSizes bytes of a path's NAR, if they have been seen
record FleetFacts(
        Supplier<Collection<Machine>> machines,
        Supplier<Settings> settings,
        History history,
        Expectations expectations,
        Function<StorePath, OptionalLong> narSizes)
        implements RecordingFacts {
    /// Until a machine has answered one question, over a connection that is there.
    private static final Duration LATENCY = Duration.ofMillis(1);

    @Override
    public List<Host> hosts() {
        return machines.get().stream()
                .filter(Machine::isDescribed)
                .map(machine -> new Host(
                        machine,
                        history.effectiveSpeed(machine.name()),
                        history.bandwidth(machine.name()),
                        LATENCY,
                        Set.of()))
                .toList();
    }

    @Override
    public Optional<Duration> estimate(StorePath drvPath, BasicDerivation derivation) {
        return Optional.of(expectations.work(PackageName.of(drvPath, derivation), derivation.platform()))
                .filter(Work::known)
                .map(Work::expected);
    }

    @Override
    public SortedMap<String, Long> resources(StorePath drvPath, BasicDerivation derivation) {
        return settings.get().resources().of(drvPath, derivation);
    }

    @Override
    public OptionalLong narSize(StorePath path) {
        return narSizes.apply(path);
    }
}
