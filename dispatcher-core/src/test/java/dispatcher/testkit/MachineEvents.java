package dispatcher.testkit;

import dispatcher.machine.MachineHealth;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.Scheduler;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.MachineSnapshot;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// What happens to machines, as snapshots for a scheduler or a queue, as the registry does. Machines that there are
/// not are ignored.
public final class MachineEvents {
    private final Supplier<List<MachineView>> known;
    private final Consumer<MachineSnapshot> update;

    private MachineEvents(Supplier<List<MachineView>> known, Consumer<MachineSnapshot> update) {
        this.known = known;
        this.update = update;
    }

    public static MachineEvents at(Scheduler scheduler) {
        return new MachineEvents(scheduler::machines, scheduler::update);
    }

    public static MachineEvents at(BuildQueue queue) {
        return new MachineEvents(() -> queue.snapshot().machines(), queue::update);
    }

    public void drain(String machine, boolean drained) {
        change(machine, snapshot -> snapshot.withDrained(drained));
    }

    public void learn(String machine, UnaryOperator<MachineFacts> change) {
        change(machine, snapshot -> snapshot.withFacts(change.apply(snapshot.facts())));
    }

    public void failed(String machine, Instant now, String error) {
        health(machine, health -> health.failed(now, error));
    }

    public void answered(String machine) {
        health(machine, MachineHealth::answered);
    }

    public void worked(String machine) {
        health(machine, _ -> MachineHealth.GOOD);
    }

    private void health(String machine, UnaryOperator<MachineHealth> change) {
        change(machine, snapshot -> snapshot.withHealth(change.apply(snapshot.health())));
    }

    private void change(String machine, UnaryOperator<MachineSnapshot> change) {
        for (var view : known.get())
            if (view.machine().name().equals(machine)) update.accept(change.apply(view.snapshot()));
    }
}
