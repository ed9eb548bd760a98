package dispatcher.schedule.index;

import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import dispatcher.schedule.policy.Waiting;
import java.time.Instant;

/// A build that waits for a slot, or has waited for one. Knows no queue and no machine. Confined to the owner of the
/// scheduler, but for what it was made of.
public final class WaitingBuild implements Waiting {
    private final BuildRequest request;
    private final SchedulingKey need;
    private final ClientShare client;
    private final long since;
    private final long number;
    private final double expectedSeconds;
    private final double remainingSeconds;
    private final boolean isKnown;
    private Inputs inputs;

    /// `Long.MAX_VALUE` if what came with the request holds for as long as it waits.
    private long inputsKnownAt;

    private boolean isWaiting = true;
    private boolean isKeeper;
    private long plan;

    /// @param inputsMove whether its inputs may come to other machines while it waits
    public WaitingBuild(
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

    public SchedulingKey need() {
        return need;
    }

    public ClientShare client() {
        return client;
    }

    /// When it was first submitted.
    public Instant since() {
        return Times.instant(since);
    }

    @Override
    public long sinceNanos() {
        return since;
    }

    @Override
    public long number() {
        return number;
    }

    @Override
    public double expectedSeconds() {
        return expectedSeconds;
    }

    @Override
    public double remainingSeconds() {
        return remainingSeconds;
    }

    /// Whether the same package has been built before.
    public boolean isKnown() {
        return isKnown;
    }

    // ---- inputs

    /// What it needs on the machine, and where that is, as last located.
    public Inputs inputs() {
        return inputs;
    }

    /// Whether its inputs were last located before `before`, and may be elsewhere by now.
    public boolean wasLocatedBefore(long before) {
        return inputsKnownAt < before;
    }

    public void located(Inputs latest, long now) {
        inputs = latest;
        inputsKnownAt = now;
    }

    // ---- how it stands

    /// Until it has a slot or leaves.
    public boolean isWaiting() {
        return isWaiting;
    }

    public void leave() {
        isWaiting = false;
    }

    /// Whether a machine is kept free for it. Then it can go where others of its need can't.
    public boolean isKeeper() {
        return isKeeper;
    }

    void keeps(boolean keeps) {
        isKeeper = keeps;
    }

    /// A plan has looked at it.
    public void lookedAt(long byPlan) {
        plan = byPlan;
    }

    /// Whether any plan has looked at it.
    public boolean wasLookedAt() {
        return plan > 0;
    }

    boolean wasLookedAt(long byPlan) {
        return plan == byPlan;
    }
}
