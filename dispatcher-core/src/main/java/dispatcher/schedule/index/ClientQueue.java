package dispatcher.schedule.index;

import dispatcher.schedule.policy.Turns;
import java.util.Comparator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What one client waits for that may go to the same machines. Kept in three orders: by age, by what is still to
/// come after each, and by what each takes. Confined to the owner of the scheduler.
public final class ClientQueue {
    /// Queues whose heads have lost patience.
    public static final Comparator<ClientQueue> OVERDUE_TURNS =
            (a, b) -> Turns.OLDEST_FIRST.compare(a.head(), b.head());

    /// The other queues of one client.
    public static final Comparator<ClientQueue> TURNS = (a, b) -> {
        int byPlace = Turns.compare(a.queue.capacity(), a.weight, b.queue.capacity(), b.weight);
        return byPlace != 0 ? byPlace : OVERDUE_TURNS.compare(a, b);
    };

    private final RequirementQueue queue;
    private final ClientShare client;
    private final TreeSet<WaitingBuild> byAge = new TreeSet<>(Turns.OLDEST_FIRST);
    private final TreeSet<WaitingBuild> byLength = new TreeSet<>(Turns.LONGEST_FIRST);
    private final TreeSet<WaitingBuild> byDuration = new TreeSet<>(Turns.SHORTEST_FIRST);

    /// The first of each order, at hand since every plan looks at them.
    private @Nullable WaitingBuild first;

    private @Nullable WaitingBuild firstByLength;

    private @Nullable WaitingBuild firstByDuration;

    /// What a plan asks of these three. Kept here since each plan looks at many of thousands of queues, and the
    /// builds themselves are far from the processor.
    private long sinceOfFirst;

    private double remainingOfLongest;
    private double remainingOfShortest;

    /// Whether the plan has looked at none of its builds.
    private boolean isUntouched;

    private long plan;
    private @Nullable WaitingBuild oldest;
    private @Nullable WaitingBuild longest;
    private @Nullable WaitingBuild shortest;

    /// Valid after [#look].
    private @Nullable WaitingBuild head;

    private boolean headIsOverdue;
    private double weight;

    ClientQueue(RequirementQueue queue, ClientShare client) {
        this.queue = queue;
        this.client = client;
    }

    /// Of those that may go to the same machines, of all clients.
    public RequirementQueue queue() {
        return queue;
    }

    public ClientShare client() {
        return client;
    }

    void add(WaitingBuild build) {
        byAge.add(build);
        byLength.add(build);
        byDuration.add(build);
        if (first == null || Turns.OLDEST_FIRST.compare(build, first) < 0) first = build;
        if (firstByLength == null || Turns.LONGEST_FIRST.compare(build, firstByLength) < 0) firstByLength = build;
        if (firstByDuration == null || Turns.SHORTEST_FIRST.compare(build, firstByDuration) < 0)
            firstByDuration = build;
        noteFirst();
    }

    void remove(WaitingBuild build) {
        byAge.remove(build);
        byLength.remove(build);
        byDuration.remove(build);
        if (build == first) first = byAge.isEmpty() ? null : byAge.first();
        if (build == firstByLength) firstByLength = byLength.isEmpty() ? null : byLength.first();
        if (build == firstByDuration) firstByDuration = byDuration.isEmpty() ? null : byDuration.first();
        noteFirst();
    }

    private void noteFirst() {
        if (first != null) sinceOfFirst = first.sinceNanos();
        if (firstByLength != null) remainingOfLongest = firstByLength.remainingSeconds();
        if (firstByDuration != null) remainingOfShortest = firstByDuration.remainingSeconds();
    }

    boolean isEmpty() {
        return byAge.isEmpty();
    }

    Iterable<WaitingBuild> byAge() {
        return byAge;
    }

    /// Whose turn it is. There is one if [#look] has said so.
    public WaitingBuild head() {
        if (head == null) throw new IllegalStateException("a turn of nobody");
        return head;
    }

    /// Whether whose turn it is has lost patience.
    public boolean headIsOverdue() {
        return headIsOverdue;
    }

    public void beginPlan(long number) {
        plan = number;
        oldest = first;
        longest = firstByLength;
        shortest = firstByDuration;
        isUntouched = true;
    }

    /// Finds whose turn it is among those that the plan has not looked at: who has lost patience; else who has
    /// more to come than the time in which all that waits will be done, as all that waits is done sooner if it
    /// begins now; else the shortest, as fewer wait long if it is not behind a long one.
    ///
    /// @param totalDrain seconds until all that waits for any machine should have begun, if nothing more came
    /// @param mayBeUrgent false if those with much to come are to be left for better machines
    /// @return whether there is one
    public boolean look(long now, long patience, double totalDrain, boolean mayBeUrgent) {
        boolean untouched = isUntouched;
        isUntouched = false;
        if (!untouched) goPastThoseLookedAt();
        head = oldest;
        if (oldest == null || shortest == null || longest == null) return false;
        double drain = queue.drain(totalDrain);
        headIsOverdue = Turns.hasLostPatience(untouched ? sinceOfFirst : oldest.sinceNanos(), patience, now);
        double remaining;
        if (headIsOverdue) {
            remaining = oldest.remainingSeconds();
        } else {
            double mostRemaining = untouched ? remainingOfLongest : longest.remainingSeconds();
            boolean urgent = mayBeUrgent && Turns.isUrgent(mostRemaining, queue.meanSpeed(), drain);
            head = urgent ? longest : shortest;
            remaining = urgent ? mostRemaining : untouched ? remainingOfShortest : shortest.remainingSeconds();
        }
        weight = Turns.weight(remaining, queue.meanSpeed(), drain);
        return true;
    }

    private void goPastThoseLookedAt() {
        while (oldest != null && oldest.wasLookedAt(plan)) oldest = byAge.higher(oldest);
        while (shortest != null && shortest.wasLookedAt(plan)) shortest = byDuration.higher(shortest);
        while (longest != null && longest.wasLookedAt(plan)) longest = byLength.higher(longest);
    }
}
