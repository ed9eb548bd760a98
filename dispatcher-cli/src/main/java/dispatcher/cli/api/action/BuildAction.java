package dispatcher.cli.api.action;

import java.util.List;
import java.util.Optional;

/// What an operator does to a build that waits or runs.
///
/// @param build  its id, or the name of its derivation, or that of the derivation's store path
/// @param reason why, for its clients; one line
/// @param by     who does it
public record BuildAction(String build, Optional<String> reason, Optional<String> by) {
    public static final String CANCEL_PATH = "/api/v1/cancel";
    public static final String RETRY_PATH = "/api/v1/retry";
    public static final String RAISE_PATH = "/api/v1/raise";

    /// The same by somebody.
    public BuildAction doneBy(Optional<String> who) {
        return new BuildAction(build, reason, who);
    }

    /// What came of it.
    ///
    /// @param drv      the name of the derivation's store path, without the directory
    /// @param builds   how many; equal builds that wait for them are not counted
    /// @param machines that the build leaves
    public record Answer(String drv, long builds, List<String> machines) {
        public Answer {
            machines = List.copyOf(machines);
        }
    }
}
