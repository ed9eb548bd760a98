package dispatcher.access;

import java.time.Duration;

/// How much of the spool, and of everybody's patience, one client's uploads may take.
///
/// @param spoolShare percent of the spool that one client gets while others want room
/// @param pause      how long a client may send nothing in the middle of a request or an upload
public record UploadLimits(int spoolShare, Duration pause) {
    /// Far more than an honest client needs, be its line ever so bad.
    public static final UploadLimits DEFAULT = new UploadLimits(75, Duration.ofMinutes(10));

    public UploadLimits {
        if (spoolShare < 1 || spoolShare > 100)
            throw new IllegalArgumentException("a share of %d percent is not from 1 to 100".formatted(spoolShare));
        if (!pause.isPositive()) throw new IllegalArgumentException("a pause of %s is none".formatted(pause));
    }
}
