package dispatcher.schedule;

import java.util.Comparator;
import java.util.Iterator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What one client waits for that may go to the same machines. Kept in two orders: by age, and by what is still to come
/// after each. Confined to whoever owns the scheduler.
final class ClientLine {
    private static final Comparator<WaitingBuild> OLDEST_FIRST =
            Comparator.<WaitingBuild>comparingLong(build -> build.since).thenComparingLong(build -> build.number);
    private static final Comparator<WaitingBuild> LONGEST_FIRST = Comparator.<WaitingBuild>comparingDouble(
                    build -> -build.remainingSeconds)
            .thenComparing(OLDEST_FIRST);

    final NeedLine need;
    final ClientShare client;
    private final TreeSet<WaitingBuild> byAge = new TreeSet<>(OLDEST_FIRST);
    private final TreeSet<WaitingBuild> byLength = new TreeSet<>(LONGEST_FIRST);

    private long plan;
    private @Nullable Iterator<WaitingBuild> ages;
    private @Nullable Iterator<WaitingBuild> lengths;
    private @Nullable WaitingBuild oldest;
    private @Nullable WaitingBuild longest;

    /// Whether the plan has found that no machine takes any of these now.
    boolean blocked;

    /// Valid after [#look].
    @Nullable
    WaitingBuild head;

    boolean headIsOverdue;
    double headSeconds;

    ClientLine(NeedLine need, ClientShare client) {
        this.need = need;
        this.client = client;
    }

    void add(WaitingBuild build) {
        byAge.add(build);
        byLength.add(build);
    }

    void remove(WaitingBuild build) {
        byAge.remove(build);
        byLength.remove(build);
    }

    boolean isEmpty() {
        return byAge.isEmpty();
    }

    Iterable<WaitingBuild> byAge() {
        return byAge;
    }

    void beginPlan(long number) {
        plan = number;
        ages = byAge.iterator();
        lengths = byLength.iterator();
        oldest = null;
        longest = null;
        head = null;
        blocked = false;
        client.beginPlan(number);
    }

    /// Finds whose turn it is among those that the plan has not looked at: who has lost patience; else who has more to
    /// come than the time in which all that waits will be done, as all that waits is done sooner if it begins now;
    /// else the oldest.
    ///
    /// @param drain seconds until all that waits should have begun, if nothing more came
    /// @return whether there is one
    boolean look(long now, long patience, double drain, double meanSpeed) {
        oldest = next(oldest, ages);
        if (oldest == null) {
            head = null;
            return false;
        }
        headIsOverdue = now - oldest.since >= patience;
        head = oldest;
        if (!headIsOverdue) {
            longest = next(longest, lengths);
            if (longest != null && longest.remainingSeconds / meanSpeed >= drain * NeedLine.URGENT) head = longest;
        }
        headSeconds = Math.max(head.remainingSeconds / meanSpeed, drain);
        return true;
    }

    private @Nullable WaitingBuild next(@Nullable WaitingBuild current, @Nullable Iterator<WaitingBuild> rest) {
        if (current != null && current.plan != plan) return current;
        while (rest != null && rest.hasNext()) {
            var build = rest.next();
            if (build.plan != plan) return build;
        }
        return null;
    }
}
