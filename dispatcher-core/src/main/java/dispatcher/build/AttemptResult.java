package dispatcher.build;

import dispatcher.machine.link.MachineLink;
import dispatcher.nix.BuildResult;
import dispatcher.nix.StorePath;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.verify.OutputCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How a build ended on a machine, good or bad, before any client hears of it. Must be taken or dropped.
///
/// @param link    in use as long as this is
/// @param lease   the conversation that pins the outputs; over already if there are none
/// @param checked what came out; nothing if it failed
/// @param took    on the machine, copying not counted
record AttemptResult(
        BuildJob job,
        MachineLink link,
        StorePool.Lease lease,
        BuildResult result,
        OutputCheck.Checked checked,
        Duration took) {

    /// Makes this the build's end. From now on, all who ask where the outputs are learn it.
    BuildOutcome take() {
        var environment = job.environment();
        var machine = link.machine().name();
        if (result.isSuccess()) {
            environment.listener().outputsMade(job.number(), job.drvPath(), machine, sizes());
            sizes().forEach(environment.known().sizes()::add);
        }
        environment
                .listener()
                .buildEnded(job.number(), job.drvPath(), machine, result.status(), result.message(), took);
        if (!result.isSuccess()) return new BuildOutcome.NotBuilt(result);
        var held = heldOutputs();
        environment
                .known()
                .built(
                        held.outputs().stream()
                                .map(output -> output.info().withoutUltimate())
                                .toList(),
                        machine);
        return new BuildOutcome.Built(result, held);
    }

    private HeldOutputs heldOutputs() {
        var outputs = new ArrayList<>(checked.outputs());
        if (!outputs.isEmpty()) outputs.addAll(checked.made());
        var made = checked.made().stream().map(output -> output.info().path()).toList();
        return new HeldOutputs(link.use().orElseThrow(), lease, List.copyOf(outputs), made);
    }

    private Map<StorePath, Long> sizes() {
        var sizes = new LinkedHashMap<StorePath, Long>();
        for (var output : checked.outputs())
            sizes.put(output.info().path(), output.info().narSize());
        return sizes;
    }

    /// Nobody wants it.
    void drop() {
        lease.release();
    }
}
