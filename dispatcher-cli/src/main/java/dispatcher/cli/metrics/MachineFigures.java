package dispatcher.cli.metrics;

import dispatcher.machine.Pressure;
import dispatcher.machine.link.MachineLink;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.policy.MachineState;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// The machines, each by its name in the settings.
final class MachineFigures {
    private final List<MachineView> machines;
    private final Map<String, MachineLink> links = new HashMap<>();

    /// What is known of the load of each; those that were not measured lately are not there.
    private final Map<String, Pressure> pressures = new HashMap<>();

    MachineFigures(List<MachineView> machines, Collection<MachineLink> links) {
        this.machines = machines;
        for (var link : links) {
            var name = link.machine().name();
            this.links.put(name, link);
            link.sampler().pressure().ifPresent(pressure -> pressures.put(name, pressure));
        }
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
        for (var view : machines)
            out.sample(figure.applyAsDouble(view), "machine", view.machine().name());
    }

    /// One of them is 1.
    private void states(Exposition out) {
        out.metric("dispatcher_machine_state", "gauge", "1 for the state that it is in.");
        for (var state : MachineState.values()) {
            var word = state.name().toLowerCase(Locale.ROOT).replace('_', '-');
            for (var view : machines)
                out.sample(
                        view.state() == state ? 1 : 0, "machine", view.machine().name(), "state", word);
        }
    }

    private void connections(Exposition out) {
        out.metric("dispatcher_machine_connections", "gauge", "Conversations with its Nix that are open.");
        links.forEach((name, link) -> out.sample(link.conversations().openCount(), "machine", name));
        out.metric("dispatcher_machine_leases", "gauge", "Those of them that builds, copies or clients use now.");
        links.forEach((name, link) -> out.sample(link.conversations().leasedCount(), "machine", name));
    }

    private void measured(Exposition out, String metric, String help, ToDoubleFunction<Pressure> figure) {
        out.metric(metric, "gauge", help);
        pressures.forEach((name, pressure) -> out.sample(figure.applyAsDouble(pressure), "machine", name));
    }
}
