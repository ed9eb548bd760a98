package dispatcher.schedule.policy;

import java.time.Duration;

/// Settings of the scheduler.
///
/// @param patience   a build that has waited this long goes before all that came later, whatever their priority and
///                   share
/// @param setUp      what a build costs before its inputs are copied
/// @param lookAhead  builds that one decision looks at before a free slot takes the next one that fits it
/// @param hold       whether a build whose duration is known may wait for a busy machine that will finish it sooner
/// than a free one
public record SchedulerOptions(Duration patience, Duration setUp, int lookAhead, boolean hold) {
    public static final SchedulerOptions DEFAULT =
            new SchedulerOptions(Duration.ofMinutes(30), Duration.ofMillis(100), 64, true);

    public SchedulerOptions {
        if (!patience.isPositive()) throw new IllegalArgumentException("patience " + patience + " is not above 0");
        if (lookAhead < 1) throw new IllegalArgumentException("a look ahead at nothing");
    }
}
