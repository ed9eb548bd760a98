package dispatcher.cli.api.record;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What was on which machine in the last hours.
///
/// @param machines by name
/// @param more     whether there were more builds than are listed, which are those that ended last
public record TimelineAnswer(Instant now, Instant from, List<Row> machines, boolean more) {
    public static final String PATH = "/api/v1/timeline";

    public TimelineAnswer {
        machines = List.copyOf(machines);
    }

    /// One machine.
    ///
    /// @param builds the first to begin first
    public record Row(String name, List<Bar> builds) {
        public Row {
            builds = List.copyOf(builds);
        }
    }

    /// One attempt at a build.
    ///
    /// @param to      absent while it goes on
    /// @param outcome of the build, or `lost` or `moved` if this attempt was
    public record Bar(long id, String name, String client, Instant from, Optional<Instant> to, String outcome) {}
}
