package dispatcher.machine.demand;

import dispatcher.event.DispatcherListener;
import dispatcher.nix.StorePath;
import java.time.Duration;

/// Counts the builds that machines on demand begin, as some pools have each machine do a few only.
record BuildCounter(MachinesOnDemand machines) implements DispatcherListener {
    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        count(machine);
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        count(machine);
    }

    private void count(String machine) {
        machines.of(machine).ifPresent(MachineLifecycle::buildBegins);
    }
}
