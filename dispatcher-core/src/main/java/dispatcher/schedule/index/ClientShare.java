package dispatcher.schedule.index;

import dispatcher.schedule.policy.Client;
import org.jspecify.annotations.Nullable;

/// How much one client has had of the fleet, as start-time fair queueing counts it: who has had less goes first. Who
/// comes, or comes back after having had nothing to build, starts where the others are: idleness earns no credit.
/// Knows no build. Confined to the owner of the scheduler.
///
/// Builds that somebody has raised have turns of their own ([#raised]), but what they take is the client's.
public final class ClientShare {
    private final Client client;
    private double used;
    private int waiting;
    private int running;
    private long plan;
    private int planIndex;
    private double planUsed;
    private int planRunning;

    /// This one, but for the turns of raised builds.
    private final ClientShare owner;

    private @Nullable ClientShare raised;

    public ClientShare(Client client) {
        this.client = client;
        this.owner = this;
    }

    private ClientShare(Client client, ClientShare owner) {
        this.client = client;
        this.owner = owner;
    }

    /// The turns of those builds of this client that somebody has raised.
    public ClientShare raised() {
        if (raised == null) raised = new ClientShare(client.raised(), this);
        return raised;
    }

    /// To which counts what builds take that have turns here: this one, or the one of which it is [#raised].
    public ClientShare owner() {
        return owner;
    }

    public Client client() {
        return client;
    }

    /// Seconds of slots that it has had, or what counts as such.
    public double used() {
        return owner.used;
    }

    public void charge(double seconds) {
        owner.used += seconds;
    }

    /// It has been idle until now.
    public void comeBack(double startsAt) {
        used = startsAt;
    }

    public int waiting() {
        return waiting;
    }

    public int running() {
        return running;
    }

    public void addWaiting(int more) {
        waiting += more;
        if (owner != this) owner.waiting += more;
    }

    public void addRunning(int more) {
        running += more;
        if (owner != this) owner.running += more;
    }

    public boolean isActive() {
        return waiting + running > 0;
    }

    /// Whether it may have no more builds run at once.
    public boolean isFull() {
        return running >= client.maxBuilds();
    }

    // ---- what is planned

    /// @param index where the plan keeps what it knows of this client
    /// @return false if it takes part already
    public boolean beginPlan(long number, int index) {
        if (plan == number) return false;
        plan = number;
        planIndex = index;
        planUsed = used();
        planRunning = running;
        return true;
    }

    public boolean takesPartIn(long number) {
        return plan == number;
    }

    public int planIndex() {
        return planIndex;
    }

    /// What [#used] would be if all that the plan holds in mind had begun.
    public double planUsed() {
        return planUsed;
    }

    public void planUse(double seconds) {
        planUsed += seconds;
        if (owner != this) owner.planUsed += seconds;
    }

    public void planOneMore() {
        planRunning++;
        if (owner != this) owner.planRunning++;
    }

    public boolean mayRunMore() {
        return planRunning < client.maxBuilds();
    }
}
