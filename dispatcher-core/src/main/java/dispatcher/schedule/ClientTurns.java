package dispatcher.schedule;

import dispatcher.schedule.index.ClientQueue;
import dispatcher.schedule.index.ClientShare;
import dispatcher.schedule.index.WaitingBuild;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;

/// The turns that one client has in one plan. Used once, by the owner of the scheduler.
final class ClientTurns {
    /// Which client's turn it is: by priority, then who has had the least.
    static final Comparator<ClientTurns> SHARES = Comparator.<ClientTurns>comparingInt(
                    turns -> -turns.share.client().priority())
            .thenComparingDouble(turns -> turns.share.planUsed())
            .thenComparing(turns -> turns.queues.isEmpty())
            .thenComparing(turns -> turns.queues.peek(), Comparator.nullsLast(ClientQueue.TURNS))
            .thenComparing(turns -> turns.share.client().name());

    private final ClientShare share;

    /// Those that the plan has still to look at, whose turn it is first.
    private final PriorityQueue<ClientQueue> queues = new PriorityQueue<>(ClientQueue.TURNS);

    /// Builds that the plan looks at once more, after all others of this client.
    private final ArrayDeque<WaitingBuild> putOff = new ArrayDeque<>();

    ClientTurns(ClientShare share) {
        this.share = share;
    }

    ClientShare share() {
        return share;
    }

    /// Whether the plan has still to look at one of its builds.
    boolean hasNext() {
        return !queues.isEmpty() || !putOff.isEmpty();
    }

    boolean hasNextQueue() {
        return !queues.isEmpty();
    }

    boolean hasPutOff() {
        return !putOff.isEmpty();
    }

    void add(ClientQueue queue) {
        queues.add(queue);
    }

    ClientQueue nextQueue() {
        return queues.remove();
    }

    void putOff(WaitingBuild build) {
        putOff.add(build);
    }

    WaitingBuild nextPutOff() {
        return putOff.remove();
    }
}
