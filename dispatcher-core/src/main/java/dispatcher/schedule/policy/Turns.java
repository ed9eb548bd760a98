package dispatcher.schedule.policy;

import java.util.Comparator;

/// Who is next. The rules and their reasons are those of ADR 8.
public final class Turns {
    /// A build is urgent if what is to come after it takes at least this part of the time in which all that waits
    /// will be done. Not all of it, as what is expected may be wrong by a fifth.
    private static final double URGENT = 0.8;

    public static final Comparator<Waiting> OLDEST_FIRST = (a, b) -> a.sinceNanos() != b.sinceNanos()
            ? Long.compare(a.sinceNanos(), b.sinceNanos())
            : Long.compare(a.number(), b.number());

    /// By what is to come after each.
    public static final Comparator<Waiting> LONGEST_FIRST = (a, b) -> a.remainingSeconds() != b.remainingSeconds()
            ? Double.compare(b.remainingSeconds(), a.remainingSeconds())
            : OLDEST_FIRST.compare(a, b);

    public static final Comparator<Waiting> SHORTEST_FIRST = (a, b) -> a.expectedSeconds() != b.expectedSeconds()
            ? Double.compare(a.expectedSeconds(), b.expectedSeconds())
            : OLDEST_FIRST.compare(a, b);

    private Turns() {}

    /// Whether a build goes before all that came later, whatever their priority and share.
    ///
    /// @param patience in nanoseconds, as the others
    public static boolean hasLostPatience(long since, long patience, long now) {
        return now - since >= patience;
    }

    /// Whether a build decides when everything is done: then it goes before shorter ones.
    ///
    /// @param remaining seconds from its beginning to the end of all that waits for it, at speed 1
    /// @param meanSpeed of the slots that it may have
    /// @param drain     seconds until all that waits should have begun
    public static boolean isUrgent(double remaining, double meanSpeed, double drain) {
        return remaining / meanSpeed >= drain * URGENT;
    }

    /// By which builds of one client come that need different machines, the most first, where these machines are
    /// equally scarce: seconds, but no fewer than all that waits takes, as until then one is as good as the other.
    public static double weight(double remaining, double meanSpeed, double drain) {
        return Math.max(remaining / meanSpeed, drain);
    }

    /// Who can go to few machines goes before those who could go to others as well; then the one of more weight.
    ///
    /// @param capacity slots times speed of the machines that the first may go to
    /// @return 0 if that does not decide
    public static int compare(double capacity, double weight, double otherCapacity, double otherWeight) {
        int byCapacity = Double.compare(capacity, otherCapacity);
        return byCapacity != 0 ? byCapacity : Double.compare(otherWeight, weight);
    }

    /// Seconds that a client counts as having had who comes, or comes back after having had nothing to build:
    /// idleness earns no credit and costs none.
    ///
    /// @param used  what it has had
    /// @param least of those who wait or build; infinite if there is nobody
    public static double startOf(double used, double least) {
        return least < Double.POSITIVE_INFINITY ? Math.max(used, least) : used;
    }
}
