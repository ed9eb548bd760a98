package dispatcher.schedule;

import dispatcher.schedule.policy.Client;
import java.util.ArrayDeque;
import java.util.PriorityQueue;

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

    /// Of its lines those that the plan has still to look at, whose turn it is first.
    final PriorityQueue<ClientQueue> turns = new PriorityQueue<>(ClientQueue.TURNS);

    ClientShare(Client client) {
        this.client = client;
    }

    /// Builds that the plan looks at once more, after all others of this client.
    final ArrayDeque<WaitingBuild> putOff = new ArrayDeque<>();

    /// Whether the plan has still to look at one of its builds.
    boolean hasTurns() {
        return !turns.isEmpty() || !putOff.isEmpty();
    }

    boolean isActive() {
        return waiting + running > 0;
    }

    void beginPlan(long number) {
        if (plan == number) return;
        plan = number;
        planUsed = used;
        planRunning = running;
        turns.clear();
        putOff.clear();
    }

    boolean mayRunMore() {
        return planRunning < client.maxBuilds();
    }
}
