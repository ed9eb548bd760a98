package dispatcher.schedule;

import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import java.time.Instant;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A build that waits for a slot, or has waited for one. Confined to whoever owns the scheduler, but for what it was
/// made of.
public final class WaitingBuild {
    private final BuildRequest request;
    final SchedulingKey need;
    final ClientShare client;
    final long since;
    final long number;
    final double expectedSeconds;
    final double remainingSeconds;
    final boolean isKnown;

    private final Supplier<Inputs> latestInputs;
    private Inputs inputs;
    private long inputsKnownAt;

    /// Until it has a slot or leaves.
    boolean waiting = true;

    /// The last plan that has looked at it.
    long plan;

    /// The machine that is kept free for it.
    @Nullable
    MachineSlots keeps;

    WaitingBuild(
            BuildRequest request,
            SchedulingKey need,
            ClientShare client,
            long since,
            long number,
            Supplier<Inputs> latestInputs) {
        this.latestInputs = latestInputs;
        this.inputs = request.inputs();
        this.inputsKnownAt = since;
        this.request = request;
        this.need = need;
        this.client = client;
        this.since = since;
        this.number = number;
        this.expectedSeconds = Times.seconds(request.work().expected());
        this.isKnown = request.work().known();
        this.remainingSeconds = Times.seconds(request.work().remaining());
    }

    public BuildRequest request() {
        return request;
    }

    /// What it needs on the machine, and where that is, as last looked up.
    Inputs inputs() {
        return inputs;
    }

    /// Looks up anew where its inputs are, if that was last done before `before`.
    ///
    /// @return whether it was done
    boolean lookUpInputs(long before, long now) {
        if (inputsKnownAt >= before) return false;
        inputs = latestInputs.get();
        inputsKnownAt = now;
        return true;
    }

    /// When it was first submitted.
    public Instant since() {
        return Times.instant(since);
    }
}
