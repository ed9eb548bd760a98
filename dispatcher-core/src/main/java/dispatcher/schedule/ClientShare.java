package dispatcher.schedule;

import dispatcher.schedule.policy.Client;

/// How much one client has had of the fleet, as start-time fair queueing reckons it: who has had less goes first. Who
/// comes, or comes back after having had nothing to build, starts where the others are: idleness earns no credit.
/// Confined to whoever owns the scheduler.
final class ClientShare {
    final Client client;

    /// Seconds of slots that it has had, or what counts as such.
    double used;

    int waiting;
    int running;

    /// What `used` would be, and how many would run, if all that a plan holds in mind had begun.
    double planUsed;

    int planRunning;
    long plan;

    ClientShare(Client client) {
        this.client = client;
    }

    boolean isActive() {
        return waiting + running > 0;
    }

    void beginPlan(long number) {
        if (plan == number) return;
        plan = number;
        planUsed = used;
        planRunning = running;
    }

    boolean mayRunMore() {
        return planRunning < client.maxBuilds();
    }
}
