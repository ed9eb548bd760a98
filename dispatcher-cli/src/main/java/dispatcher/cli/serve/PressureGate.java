package dispatcher.cli.serve;

import dispatcher.machine.Pressure;
import dispatcher.machine.load.PressureListener;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the queue what speaks against giving a machine more builds now, and the log when that begins
/// and when it is over. Safe for any thread.
final class PressureGate implements PressureListener {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    private volatile Pressure.Limits limits;
    private final BiConsumer<String, String> queue;
    /// By machine; what was told last.
    private final Map<String, String> last = new ConcurrentHashMap<>();

    /// @param queue given the machine's name and what speaks against it; empty if nothing does
    PressureGate(Pressure.Limits limits, BiConsumer<String, String> queue) {
        this.limits = limits;
        this.queue = queue;
    }

    /// From the next samples on.
    void change(Pressure.Limits newLimits) {
        limits = newLimits;
    }

    /// The machine is gone, or somewhere else: nothing is known to speak against it.
    void forget(String machine) {
        last.remove(machine);
        queue.accept(machine, "");
    }

    @Override
    public void sampled(String machine, Pressure pressure) {
        change(machine, pressure.objection(limits).orElse(""));
    }

    @Override
    public void unknown(String machine) {
        change(machine, "");
    }

    private void change(String machine, String objection) {
        var before = last.put(machine, objection);
        if (objection.equals(before == null ? "" : before)) return;
        queue.accept(machine, objection);
        if (objection.isEmpty()) log.atInfo().addKeyValue("machine", machine).log("machine has room again");
        else if (before == null || before.isEmpty())
            log.atWarn()
                    .addKeyValue("machine", machine)
                    .addKeyValue("why", objection)
                    .log("machine gets no more builds for now");
    }
}
