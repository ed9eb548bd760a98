package dispatcher.schedule;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineHealth;
import dispatcher.nix.StorePath;
import dispatcher.schedule.index.MachineSlots;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.Times;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A machine at one moment.
///
/// @param state   whether it may have builds
/// @param running what it builds, the oldest first
/// @param taken   of its resources, by name
public record MachineView(
        Machine machine,
        MachineFacts facts,
        MachineHealth health,
        State state,
        List<Running> running,
        Map<String, Long> taken) {

    /// Whether a machine may have builds, and if not, why.
    public enum State {
        READY,
        /// It has failed again and again, answers now, and is being tried with one build.
        ON_TRIAL,
        /// It has failed, and has not been seen to work since.
        SET_ASIDE,
        /// Somebody wants it to get no more.
        DRAINED,
        /// Its measurements forbid more builds: see the objection in its facts.
        UNDER_PRESSURE,
        /// It is not in the settings any more, and finishes what it has.
        REMOVED
    }

    /// @param since       when it got the slot
    /// @param expectedEnd empty if nothing was seen that it could rest on
    public record Running(StorePath drvPath, String client, Instant since, Optional<Instant> expectedEnd) {}

    public MachineView {
        running = List.copyOf(running);
        taken = Map.copyOf(taken);
    }

    public int slotsTaken() {
        return running.size();
    }

    static MachineView of(MachineSlots slots) {
        var running = slots.running().stream()
                .sorted(Comparator.comparingLong(RunningBuild::start))
                .map(build -> running(build, build.build().request()))
                .toList();
        var taken = new TreeMap<String, Long>();
        slots.taken().forEach((name, amount) -> {
            if (amount > 0) taken.put(name, amount);
        });
        return new MachineView(slots.machine(), slots.facts(), slots.health(), state(slots), running, taken);
    }

    private static Running running(RunningBuild build, BuildRequest request) {
        var end = request.work().isMeasured()
                ? Optional.of(Times.instant(build.expectedEnd()))
                : Optional.<Instant>empty();
        return new Running(request.drvPath(), request.client().name(), Times.instant(build.start()), end);
    }

    static State state(MachineSlots slots) {
        if (slots.isGone()) return State.REMOVED;
        if (slots.isDrained()) return State.DRAINED;
        if (slots.health().isAside()) return State.SET_ASIDE;
        if (!slots.facts().objection().isEmpty()) return State.UNDER_PRESSURE;
        return slots.health().isOnTrial() ? State.ON_TRIAL : State.READY;
    }
}
