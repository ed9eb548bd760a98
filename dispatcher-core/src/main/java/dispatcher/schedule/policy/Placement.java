package dispatcher.schedule.policy;

/// What speaks for a machine, for one build at one moment. All times in seconds.
///
/// @param machine     its name
/// @param untilStart  until it has a free slot; 0 if it has one now
/// @param boot        from then on until it is up; 0 if it is
/// @param copyBytes   of inputs that it is not known to have
/// @param copy        for these, and for setting up
/// @param build       on that machine
/// @param spared      it is kept for builds that need more of what it offers, as long as others are free
/// @param slotsTaken  before this build
/// @param slots       in all
/// @param speed       that the estimates use
/// @param isStartMeasured whether builds that it waits for have been seen, or others at least
/// @param isBuildMeasured the same of this build; if not, `build` is a number that no person is shown
public record Placement(
        String machine,
        double untilStart,
        double boot,
        long copyBytes,
        double copy,
        double build,
        boolean spared,
        int slotsTaken,
        int slots,
        double speed,
        boolean isStartMeasured,
        boolean isBuildMeasured) {
    /// How much faster a spared machine must be to be taken.
    static final double SPARE = 2;

    /// Until the build should be done.
    public double finish() {
        return untilStart + boot + copy + build;
    }

    /// Whether that rests on anything that was seen.
    public boolean isFinishMeasured() {
        return isStartMeasured && isBuildMeasured;
    }

    /// By which placements are compared; the least is best.
    public double score() {
        return score(untilStart + boot, copy + build, spared);
    }

    /// @param untilStart until it has a free slot and is up
    /// @param taken      seconds of copying and building
    public static double score(double untilStart, double taken, boolean spared) {
        return untilStart + taken * (spared ? SPARE : 1);
    }

    /// Why this machine, for people; one line.
    public String reason() {
        var words = new StringBuilder("should finish it first");
        words.append(isFinishMeasured() ? ", in " + Amounts.seconds(finish()) : " (no history)");
        words.append(": %d of %d slots taken, speed %s".formatted(slotsTaken, slots, Amounts.factor(speed)));
        if (boot > 0) words.append(", not up; starts in about ").append(Amounts.seconds(boot));
        if (copyBytes > 0) words.append(", %s to copy".formatted(Amounts.bytes(copyBytes)));
        return words.toString();
    }
}
