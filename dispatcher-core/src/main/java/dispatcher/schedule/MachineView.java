package dispatcher.schedule;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineHealth;
import dispatcher.nix.StorePath;
import dispatcher.schedule.index.MachineSlots;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.Times;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A machine at one moment.
///
/// @param snapshot what is known of it
/// @param state    whether it may have builds
/// @param running  what it builds, the oldest first
/// @param taken    of its resources, by name
public record MachineView(
        MachineSnapshot snapshot, MachineState state, List<Running> running, Map<String, Long> taken) {

    /// @param since       when it got the slot
    /// @param expectedEnd empty if nothing was seen that it could rest on
    public record Running(StorePath drvPath, String client, Instant since, Optional<Instant> expectedEnd) {}

    public MachineView {
        running = List.copyOf(running);
        taken = Map.copyOf(taken);
    }

    public Machine machine() {
        return snapshot.machine();
    }

    public MachineFacts facts() {
        return snapshot.facts();
    }

    public MachineHealth health() {
        return snapshot.health();
    }

    public int slotsTaken() {
        return running.size();
    }

    static MachineView of(MachineSlots slots) {
        return new MachineView(slots.snapshot(), slots.state(), running(slots), taken(slots));
    }

    private static List<Running> running(MachineSlots slots) {
        if (slots.running().isEmpty()) return List.of();
        return slots.running().stream()
                .sorted(Comparator.comparingLong(RunningBuild::start))
                .map(build -> running(build, build.build().request()))
                .toList();
    }

    private static Map<String, Long> taken(MachineSlots slots) {
        if (slots.taken().isEmpty()) return Map.of();
        var taken = new TreeMap<String, Long>();
        slots.taken().forEach((name, amount) -> {
            if (amount > 0) taken.put(name, amount);
        });
        return taken;
    }

    private static Running running(RunningBuild build, BuildRequest request) {
        var end = request.work().isMeasured()
                ? Optional.of(Times.instant(build.expectedEnd()))
                : Optional.<Instant>empty();
        return new Running(request.drvPath(), request.client().name(), Times.instant(build.start()), end);
    }
}
