package dispatcher.machine.registry;

import dispatcher.event.DispatcherListener;
import dispatcher.machine.Pressure;
import dispatcher.machine.load.PressureListener;

/// Notes what speaks against giving a machine more builds now, as far as its samples show that, and says when that
/// begins and when it is over. Safe for any thread.
final class PressureWatch implements PressureListener {
    private final RegisteredMachines machines;
    private final DispatcherListener listener;
    private volatile Pressure.Limits limits;

    PressureWatch(RegisteredMachines machines, DispatcherListener listener, Pressure.Limits limits) {
        this.machines = machines;
        this.listener = listener;
        this.limits = limits;
    }

    /// From the next samples on.
    void change(Pressure.Limits newLimits) {
        limits = newLimits;
    }

    @Override
    public void sampled(String machine, Pressure pressure) {
        note(machine, pressure.objection(limits).orElse(""));
    }

    @Override
    public void unknown(String machine) {
        note(machine, "");
    }

    private void note(String machine, String objection) {
        var noted = machines.note(
                machine, snapshot -> snapshot.withFacts(snapshot.facts().withObjection(objection)));
        if (noted.isEmpty()) return;
        var before = noted.get().before().facts().objection();
        if (objection.equals(before)) return;
        machines.publish(noted.get());
        if (objection.isEmpty()) listener.machineHasRoom(machine);
        else if (before.isEmpty()) listener.machineUnderPressure(machine, objection);
    }
}
