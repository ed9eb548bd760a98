package dispatcher.schedule;

import dispatcher.machine.Boot;
import dispatcher.schedule.index.ClientShare;
import dispatcher.schedule.index.Fleet;
import dispatcher.schedule.index.MachineSlots;
import dispatcher.schedule.index.RequirementQueue;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.MachineKind;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.SchedulingKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What speaks for and against each machine, for one build at one moment.
///
/// @param chosen  the machine that would be chosen if nobody else waited; empty if the build would wait, or none fits
/// @param choices the chosen one first, then the best of the others; those that could never do it last
public record Explanation(BuildRequest request, Optional<String> chosen, List<Choice> choices) {
    /// What is there to say of one machine.
    ///
    /// @param unfit     why it could never do the build; empty if it could
    /// @param notNow    why it would not get the build now; empty if it would
    /// @param placement what it would take there; empty if it is unfit
    /// @param boot      whether the machine is up
    public record Choice(
            String machine,
            Optional<String> unfit,
            Optional<String> notNow,
            Optional<Placement> placement,
            Boot boot) {}

    public Explanation {
        choices = List.copyOf(choices);
    }

    /// Whether some machine could do it, now or later.
    public boolean isPossible() {
        return choices.stream().anyMatch(choice -> choice.unfit.isEmpty());
    }

    /// @param number of the plan that is made for it
    static Explanation of(
            Fleet fleet, SchedulerOptions options, BuildRequest request, Set<String> excluded, long number, long now) {
        var need = SchedulingKey.of(request, excluded);
        var build = new WaitingBuild(request, need, new ClientShare(request.client()), now, Long.MAX_VALUE, false);
        var plan = new SchedulingRound(number, now, fleet, Map.of(), options, 0);
        var chosen = choose(fleet, plan, build);
        int fewest = Integer.MAX_VALUE;
        for (var slots : fleet.machines())
            if (Fitness.objection(slots.machine(), need).isEmpty() && slots.free() > 0 && slots.takes(build))
                fewest = Math.min(fewest, extras(slots, need));
        var choices = new ArrayList<Choice>();
        for (var slots : fleet.machines()) {
            if (slots.isGone()) continue;
            var name = slots.name();
            var unfit = excluded.contains(name)
                    ? Optional.of("the build has been lost there")
                    : Fitness.objection(slots.machine(), need);
            if (unfit.isPresent()) {
                choices.add(new Choice(
                        name,
                        unfit,
                        Optional.empty(),
                        Optional.empty(),
                        slots.facts().boot()));
                continue;
            }
            var placement = plan.place(build, slots, slots.firstFree(now), extras(slots, need) > fewest);
            var notNow = notNow(slots, build)
                    .or(() -> plan.waitsForLink(slots, placement)
                            ? Optional.of("inputs of other builds are on their way to it")
                            : Optional.empty());
            choices.add(new Choice(
                    name, unfit, notNow, Optional.of(placement), slots.facts().boot()));
        }
        choices.sort(Comparator.<Choice, Boolean>comparing(choice -> !chosen.equals(Optional.of(choice.machine)))
                .thenComparingInt(choice -> choice.unfit.isPresent() ? 2 : closed(choice) ? 1 : 0)
                .thenComparingDouble(
                        choice -> choice.placement.map(Placement::score).orElse(0.0)));
        return new Explanation(request, chosen, choices);
    }

    /// Decides as for a build that waits, alone.
    private static Optional<String> choose(Fleet fleet, SchedulingRound plan, WaitingBuild build) {
        var queue = new RequirementQueue(build.need());
        fleet.attach(queue);
        try {
            return plan.chosenFor(build, queue);
        } finally {
            fleet.detach(queue);
        }
    }

    private static boolean closed(Choice choice) {
        return choice.placement.map(placement -> placement.untilStart() > 0).orElse(false) || choice.notNow.isPresent();
    }

    private static int extras(MachineSlots slots, SchedulingKey need) {
        return MachineKind.of(slots.machine()).extras(need.requiredFeatures());
    }

    private static Optional<String> notNow(MachineSlots slots, WaitingBuild build) {
        return switch (slots.state()) {
            case DRAINED -> Optional.of("it is drained");
            case SET_ASIDE ->
                Optional.of("it is set aside until it works again: "
                        + slots.health().lastError());
            case UNDER_PRESSURE -> Optional.of(slots.snapshot().objection());
            case UNDESCRIBED -> Optional.of("it is not yet described");
            case REMOVED -> Optional.of("it is not in the settings any more");
            case ON_TRIAL ->
                slots.free() > 0
                        ? Optional.empty()
                        : Optional.of("it has failed again and again and is being tried with one build");
            case READY -> {
                if (slots.free() == 0)
                    yield Optional.of(
                            "all %d slots are taken".formatted(slots.machine().maxJobs()));
                if (!slots.hasLeft(build.need())) yield Optional.of("others have taken what the build needs of it");
                yield slots.takes(build)
                        ? Optional.empty()
                        : Optional.of("it is kept for a build that has waited long");
            }
        };
    }
}
