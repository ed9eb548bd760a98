package dispatcher.schedule;

import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import java.time.Instant;
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

    private Inputs inputs;

    /// `Long.MAX_VALUE` if what came with the request holds for as long as it waits.
    private long inputsKnownAt;

    /// Until it has a slot or leaves.
    boolean waiting = true;

    /// The last plan that has looked at it.
    long plan;

    /// The machine that is kept free for it.
    @Nullable
    MachineSlots keeps;

    /// @param inputsMove whether its inputs may come to other machines while it waits
    WaitingBuild(
            BuildRequest request, SchedulingKey need, ClientShare client, long since, long number, boolean inputsMove) {
        this.inputs = request.inputs();
        this.inputsKnownAt = inputsMove ? since : Long.MAX_VALUE;
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

    /// What it needs on the machine, and where that is, as last located.
    Inputs inputs() {
        return inputs;
    }

    /// Whether its inputs were last located before `before`, and may be elsewhere by now.
    boolean wasLocatedBefore(long before) {
        return inputsKnownAt < before;
    }

    void located(Inputs latest, long now) {
        inputs = latest;
        inputsKnownAt = now;
    }

    /// When it was first submitted.
    public Instant since() {
        return Times.instant(since);
    }
}
