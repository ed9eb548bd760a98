package dispatcher.schedule;

import java.util.Comparator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What one client waits for that may go to the same machines. Kept in two orders: by age, and by what is still to come
/// after each. Confined to whoever owns the scheduler.
final class ClientLine {
    private static final Comparator<WaitingBuild> OLDEST_FIRST =
            (a, b) -> a.since != b.since ? Long.compare(a.since, b.since) : Long.compare(a.number, b.number);
    private static final Comparator<WaitingBuild> LONGEST_FIRST = (a, b) -> a.remainingSeconds != b.remainingSeconds
            ? Double.compare(b.remainingSeconds, a.remainingSeconds)
            : OLDEST_FIRST.compare(a, b);

    /// Lines whose heads have lost patience.
    static final Comparator<ClientLine> OVERDUE_TURNS = (a, b) -> OLDEST_FIRST.compare(a.head(), b.head());

    /// The other lines of one client.
    static final Comparator<ClientLine> TURNS = (a, b) ->
            a.headSeconds != b.headSeconds ? Double.compare(b.headSeconds, a.headSeconds) : OVERDUE_TURNS.compare(a, b);

    final NeedLine need;
    final ClientShare client;
    private final TreeSet<WaitingBuild> byAge = new TreeSet<>(OLDEST_FIRST);
    private final TreeSet<WaitingBuild> byLength = new TreeSet<>(LONGEST_FIRST);

    /// The first of each order, at hand since every plan looks at them.
    private @Nullable WaitingBuild first;

    private @Nullable WaitingBuild firstByLength;

    private long plan;
    private @Nullable WaitingBuild oldest;
    private @Nullable WaitingBuild longest;

    /// Valid after [#look].
    private @Nullable WaitingBuild head;

    private boolean headIsOverdue;
    private double headSeconds;

    ClientLine(NeedLine need, ClientShare client) {
        this.need = need;
        this.client = client;
    }

    void add(WaitingBuild build) {
        byAge.add(build);
        byLength.add(build);
        if (first == null || OLDEST_FIRST.compare(build, first) < 0) first = build;
        if (firstByLength == null || LONGEST_FIRST.compare(build, firstByLength) < 0) firstByLength = build;
    }

    void remove(WaitingBuild build) {
        byAge.remove(build);
        byLength.remove(build);
        if (build == first) first = byAge.isEmpty() ? null : byAge.first();
        if (build == firstByLength) firstByLength = byLength.isEmpty() ? null : byLength.first();
    }

    boolean isEmpty() {
        return byAge.isEmpty();
    }

    Iterable<WaitingBuild> byAge() {
        return byAge;
    }

    /// Whose turn it is. There is one if [#look] has said so.
    WaitingBuild head() {
        if (head == null) throw new IllegalStateException("a turn of nobody");
        return head;
    }

    /// Whether whose turn it is has lost patience.
    boolean headIsOverdue() {
        return headIsOverdue;
    }

    void beginPlan(long number) {
        plan = number;
        oldest = first;
        longest = firstByLength;
        client.beginPlan(number);
    }

    /// Finds whose turn it is among those that the plan has not looked at: who has lost patience; else who has more to
    /// come than the time in which all that waits will be done, as all that waits is done sooner if it begins now;
    /// else the oldest.
    ///
    /// @param totalDrain seconds until all that waits for any machine should have begun, if nothing more came
    /// @return whether there is one
    boolean look(long now, long patience, double totalDrain) {
        while (oldest != null && oldest.plan == plan) oldest = byAge.higher(oldest);
        head = oldest;
        if (oldest == null) return false;
        double drain = need.capacity() > 0 ? Math.max(totalDrain, need.work() / need.capacity()) : totalDrain;
        headIsOverdue = now - oldest.since >= patience;
        if (!headIsOverdue) {
            while (longest != null && longest.plan == plan) longest = byLength.higher(longest);
            if (longest != null && longest.remainingSeconds / need.meanSpeed() >= drain * NeedLine.URGENT)
                head = longest;
        }
        headSeconds = Math.max(head().remainingSeconds / need.meanSpeed(), drain);
        return true;
    }
}
