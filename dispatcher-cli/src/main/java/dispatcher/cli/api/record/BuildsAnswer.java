package dispatcher.cli.api.record;

import java.time.Instant;
import java.util.List;

/// Records of builds, the newest first.
///
/// @param now    from which the times in it are counted
/// @param builds as many as were asked for
/// @param more   whether there are older ones
public record BuildsAnswer(Instant now, List<BuildAnswer> builds, boolean more) {
    public static final String PATH = "/api/v1/builds";

    public BuildsAnswer {
        builds = List.copyOf(builds);
    }
}
