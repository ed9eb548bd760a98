package dispatcher.dispatch;

import dispatcher.machine.link.MachineLink;
import dispatcher.nix.BuildResult;
import dispatcher.nix.StorePath;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.verify.BuiltOutput;
import dispatcher.store.verify.OutputCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a build came to on a machine, good or bad, before anybody is told. To be taken or dropped.
///
/// @param link    used by whoever has this
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

    /// It is what the build came to: from now on the client can fetch what was made.
    BuildResult take(FleetSession session) {
        var fleet = job.fleet();
        var machine = link.machine().name();
        if (result.isSuccess()) {
            fleet.listener().outputsMade(job.number(), job.drvPath(), machine, sizes());
            sizes().forEach(fleet.sizes()::add);
        }
        fleet.listener().buildEnded(job.number(), job.drvPath(), machine, result.status(), result.message(), took);
        if (result.isSuccess()) {
            session.hold(link, lease, held());
            if (!checked.made().isEmpty())
                session.isMadeInBuild(
                        checked.made().stream().map(made -> made.info().path()).toList());
        }
        return result;
    }

    private List<BuiltOutput> held() {
        var held = new ArrayList<>(checked.outputs());
        if (!held.isEmpty()) held.addAll(checked.made());
        return held;
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
