package dispatcher.cli.top;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.StatusAnswer;
import java.util.Comparator;
import java.util.List;

/// What the dispatcher says at one moment. All texts are printable.
///
/// @param machines by name
/// @param running  builds on machines, the oldest first
/// @param queue    the first builds that wait, at most [FleetReader#MOST_WAITING]
record Picture(StatusAnswer status, List<MachineAnswer> machines, List<Running> running, QueueAnswer queue) {
    Picture {
        machines = machines.stream()
                .sorted(Comparator.comparing(MachineAnswer::name))
                .toList();
        running = running.stream()
                .sorted(Comparator.comparing((Running it) -> it.build().since()))
                .toList();
    }

    /// A build on a machine.
    ///
    /// @param phase how far it is there
    record Running(String machine, MachineAnswer.Running build, String phase) {}

    static Picture of(StatusAnswer status, List<MachineAnswer> machines, QueueAnswer queue, Phases phases) {
        return new Picture(
                status,
                machines,
                machines.stream()
                        .flatMap(machine -> machine.running().stream()
                                .map(build ->
                                        new Running(machine.name(), build, phases.of(build.drv(), machine.name()))))
                        .toList(),
                queue);
    }
}
