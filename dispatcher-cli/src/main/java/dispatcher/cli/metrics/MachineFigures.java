package dispatcher.cli.metrics;

import dispatcher.cli.metrics.Exposition.Labels;
import dispatcher.machine.Machine;
import dispatcher.machine.Pressure;
import dispatcher.machine.link.MachineLink;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.policy.MachineState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// The machines, each by its name in the settings.
final class MachineFigures {
    private final List<Seen> machines = new ArrayList<>();
    private final List<Linked> links = new ArrayList<>();

    /// What is known of the load of each; those that were not measured lately are not there.
    private final List<Measured> pressures = new ArrayList<>();

    private record Seen(MachineView view, Labels labels) {}

    private record Linked(MachineLink link, Labels labels) {}

    private record Measured(Pressure pressure, Labels labels) {}

    MachineFigures(List<MachineView> machines, Collection<MachineLink> links) {
        for (var view : machines) this.machines.add(new Seen(view, labels(view.machine())));
        for (var link : links) {
            var labels = labels(link.machine());
            this.links.add(new Linked(link, labels));
            var pressure = link.sampler().pressure();
            if (pressure.isPresent()) pressures.add(new Measured(pressure.get(), labels));
        }
    }

    private static Labels labels(Machine machine) {
        return Labels.of("machine", machine.name());
    }

    void print(Exposition out) {
        each(
                out,
                "dispatcher_machine_slots",
                "Builds that it may have at once, now.",
                view -> view.snapshot().slots());
        each(
                out,
                "dispatcher_machine_slots_configured",
                "Builds that it may have at once while it is well.",
                view -> view.machine().maxJobs());
        each(out, "dispatcher_machine_slots_taken", "Builds that it has.", MachineView::slotsTaken);
        each(
                out,
                "dispatcher_machine_speed",
                "Its speed relative to others, as measured.",
                view -> view.facts().speed());
        each(
                out,
                "dispatcher_machine_bandwidth_bytes",
                "Bytes per second that go to it.",
                view -> view.facts().bandwidth());
        each(
                out,
                "dispatcher_machine_failures",
                "How often it failed one after the other.",
                view -> view.health().failures());
        states(out);
        connections(out);
        measured(out, "dispatcher_machine_load", "Its load over the last minute.", Pressure::load);
        measured(out, "dispatcher_machine_cores", "Its processors.", Pressure::cores);
        measured(
                out,
                "dispatcher_machine_memory_free_bytes",
                "Its free memory.",
                pressure -> pressure.memory().free());
        measured(
                out,
                "dispatcher_machine_memory_bytes",
                "Its memory.",
                pressure -> pressure.memory().total());
        measured(
                out,
                "dispatcher_machine_store_free_bytes",
                "Free on the disk of its store.",
                pressure -> pressure.store().free());
        measured(
                out,
                "dispatcher_machine_store_bytes",
                "Size of the disk of its store.",
                pressure -> pressure.store().total());
    }

    private void each(Exposition out, String metric, String help, ToDoubleFunction<MachineView> figure) {
        out.metric(metric, "gauge", help);
        for (var seen : machines) out.sample(figure.applyAsDouble(seen.view), seen.labels);
    }

    /// One of them is 1.
    private void states(Exposition out) {
        out.metric("dispatcher_machine_state", "gauge", "1 for the state that it is in.");
        for (var state : MachineState.values()) {
            var word = state.name().toLowerCase(Locale.ROOT).replace('_', '-');
            var label = Labels.of("state", word);
            for (var seen : machines) out.sample(seen.view.state() == state ? 1 : 0, seen.labels, label);
        }
    }

    private void connections(Exposition out) {
        out.metric("dispatcher_machine_connections", "gauge", "Conversations with its Nix that are open.");
        for (var linked : links) out.sample(linked.link.conversations().openCount(), linked.labels);
        out.metric("dispatcher_machine_leases", "gauge", "Those of them that builds, copies or clients use now.");
        for (var linked : links) out.sample(linked.link.conversations().leasedCount(), linked.labels);
    }

    private void measured(Exposition out, String metric, String help, ToDoubleFunction<Pressure> figure) {
        out.metric(metric, "gauge", help);
        for (var measured : pressures) out.sample(figure.applyAsDouble(measured.pressure), measured.labels);
    }
}
