package dispatcher.cli.machines;

import dispatcher.cli.api.Decimals;
import dispatcher.cli.api.Figure;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.machine.Machine;
import dispatcher.machine.demand.LifecycleView;
import dispatcher.machine.demand.MachineLifecycle;
import dispatcher.machine.demand.MachinesOnDemand;
import dispatcher.machine.registry.MachineDescriptionView;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.Refused;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// The machines of the running dispatcher, as the API has them.
public final class MachineAnswers {
    private MachineAnswers() {}

    /// @param clock        the queue's
    /// @param descriptions what a machine of that name says of itself
    /// @param more         adds what else is known of a machine
    public static Endpoint endpoint(
            BuildQueue queue,
            InstantSource clock,
            MachinesOnDemand onDemand,
            Function<String, Optional<MachineDescriptionView>> descriptions,
            UnaryOperator<MachineAnswer> more) {
        return Endpoint.get(
                MachinesAnswer.PATH,
                _ -> new MachinesAnswer(clock.instant(), all(queue, clock, onDemand, descriptions, more)));
    }

    /// All of them now.
    public static List<MachineAnswer> all(
            BuildQueue queue,
            InstantSource clock,
            MachinesOnDemand onDemand,
            Function<String, Optional<MachineDescriptionView>> descriptions,
            UnaryOperator<MachineAnswer> more) {
        var now = clock.instant();
        return queue.snapshot().machines().stream()
                .map(view -> described(view, descriptions.apply(view.machine().name()))
                        .withOnDemand(onDemand.of(view.machine().name())
                                .map(MachineLifecycle::view)
                                .map(power -> onDemand(power, now))))
                .map(more)
                .toList();
    }

    public static MachineAnswer.OnDemand onDemand(LifecycleView view, Instant now) {
        var boot = view.boot();
        return new MachineAnswer.OnDemand(
                view.state().word(),
                view.since(),
                view.uses(),
                view.stopping(),
                view.problem(),
                boot.isUp() ? Optional.empty() : Optional.of(Decimals.seconds(boot.left(now))));
    }

    private static MachineAnswer described(MachineView view, Optional<MachineDescriptionView> known) {
        return of(view).withDescription(
                        known.flatMap(MachineAnswers::description),
                        known.filter(_ -> view.state() == MachineState.UNDESCRIBED)
                                .map(MachineDescriptionView::notDescribed));
    }

    private static Optional<MachineAnswer.Description> description(MachineDescriptionView view) {
        return view.said()
                .map(said -> new MachineAnswer.Description(
                        view.at().orElseThrow(),
                        said.cores().isPresent()
                                ? Optional.of((long) said.cores().getAsInt())
                                : Optional.empty(),
                        boxed(said.memory()),
                        boxed(said.diskBytes()),
                        boxed(said.freeBytes()),
                        said.nixVersion(),
                        said.storeDir(),
                        said.systems().map(List::copyOf),
                        said.features().map(List::copyOf),
                        said.experimental().map(List::copyOf)));
    }

    private static Optional<Long> boxed(OptionalLong number) {
        return number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
    }

    public static MachineAnswer of(MachineView view) {
        var machine = view.machine();
        var facts = view.facts();
        return new MachineAnswer(
                machine.name(),
                machine.address().toString(),
                stateWord(view.state()),
                machine.maxJobs(),
                view.slotsTaken(),
                view.running().stream().map(MachineAnswers::running).toList(),
                new MachineAnswer.Speed(Decimals.finite(machine.speedFactor()), Decimals.finite(facts.speed())),
                Math.round(facts.bandwidth()),
                facts.bandwidth() != MachineFacts.DEFAULT_BANDWIDTH,
                Optional.empty(),
                machine.systems().stream().toList(),
                machine.supportedFeatures().stream().toList(),
                machine.mandatoryFeatures().stream().toList(),
                resources(machine, view),
                facts.refused().stream().map(MachineAnswers::refusal).toList(),
                reason(view),
                since(view),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static SortedMap<String, MachineAnswer.Resource> resources(Machine machine, MachineView view) {
        var resources = new TreeMap<String, MachineAnswer.Resource>();
        machine.resources()
                .forEach((name, of) -> resources.put(
                        name, new MachineAnswer.Resource(view.taken().getOrDefault(name, 0L), of)));
        return resources;
    }

    private static Optional<String> reason(MachineView view) {
        return switch (view.state()) {
            case SET_ASIDE, ON_TRIAL -> Optional.of(view.health().lastError());
            case UNDER_PRESSURE -> Optional.of(view.snapshot().objection());
            case UNDESCRIBED -> Optional.of("it has not said yet what it builds for");
            case DRAINED, REMOVED, READY -> Optional.empty();
        };
    }

    private static Optional<Instant> since(MachineView view) {
        return view.state() == MachineState.SET_ASIDE ? view.health().asideSince() : Optional.empty();
    }

    /// For example `set-aside`.
    private static String stateWord(MachineState state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static MachineAnswer.Refusal refusal(Refused refused) {
        return new MachineAnswer.Refusal(refused.need(), refused.reason(), refused.until());
    }

    private static MachineAnswer.Running running(MachineView.Running build) {
        return new MachineAnswer.Running(
                build.drvPath().toString(), build.client(), build.since(), Figure.ofKnown(build.expectedEnd()));
    }
}
