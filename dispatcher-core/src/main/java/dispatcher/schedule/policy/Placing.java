package dispatcher.schedule.policy;

/// Where a build goes: the reasons to wait for a machine, and those to take one now. The rules and their reasons are
/// those of ADR 8. All times in seconds.
public final class Placing {
    /// Copying that is too short to prefer a machine for it: no estimate is that good, and a few KB are no reason to
    /// leave others idle.
    private static final double NEGLIGIBLE = 0.05;

    /// Waiting must gain this part of the time that the build would take now.
    private static final double WORTH_WAITING = 0.05;

    /// How many times longer than assumed an unknown build may take, when the question is whether a machine is too
    /// slow for it.
    private static final double UNKNOWN_MAY_TAKE = 3;

    /// Copying is long if it takes more than this part of the building, and more seconds than this.
    private static final double LONG_COPY_PART = 0.1;

    private static final double LONG_COPY = 1;

    /// A link that is busy for longer has no room for a long copy.
    private static final double LINK_BUSY = 0.5;

    /// A build is begun a second time on a machine that is this much faster than that where it is.
    private static final double CLEARLY_FASTER = 1.3;

    private Placing() {}

    public static boolean isNegligible(double sending) {
        return sending < NEGLIGIBLE;
    }

    /// From the choice of a machine to the beginning of the build there. What is on its way there shares the link
    /// for as long as both last.
    ///
    /// @param sending  of the inputs, if the link were free
    /// @param linkBusy until all should be there that is on its way; not looked at if sending is negligible
    public static double copySeconds(double sending, double linkBusy, double setUp) {
        return isNegligible(sending) ? setUp : setUp + sending + Math.min(sending, linkBusy);
    }

    /// A busy machine is waited for if its score is below this.
    ///
    /// @param now the best of the machines that are free
    public static double worthWaitingFor(Placement now) {
        return now.score() - WORTH_WAITING * (now.copy() + now.build());
    }

    /// What a build may take at speed 1, if it is asked whether a machine is too slow for it.
    public static double mayTake(double expected, boolean isKnown) {
        return expected * (isKnown ? 1 : UNKNOWN_MAY_TAKE);
    }

    /// Whether a build would end after all else that waits should be done. One of which nothing is known takes
    /// what is free unless many others wait.
    ///
    /// @param here      until it would end
    /// @param drain     until all that waits should have begun
    /// @param mayTake   at speed 1
    /// @param bestSpeed of the machines that it may go to
    public static boolean endsAfterAllElse(
            double here, double drain, boolean isKnown, double mayTake, double bestSpeed) {
        return here > drain && (isKnown || drain >= mayTake / bestSpeed);
    }

    /// Until it would end on a machine that is waited for while others are done.
    public static double endInstead(double drain, double untilFree, double setUp, double mayTake, double speed) {
        return Math.max(drain, untilFree) + setUp + mayTake / speed;
    }

    /// Whether others need not wait until the inputs of a build have been copied.
    public static boolean copiesLong(Placement placement, double setUp) {
        double copy = placement.copy() - setUp;
        return copy > LONG_COPY && copy > LONG_COPY_PART * placement.build();
    }

    public static boolean hasRoomForLongCopies(double linkBusy) {
        return linkBusy <= LINK_BUSY;
    }

    /// The least speed that makes a second attempt worth it.
    public static double clearlyFasterThan(double speed) {
        return speed * CLEARLY_FASTER;
    }
}
