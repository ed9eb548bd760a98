package dispatcher.cli.api;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What is going on, and what is wrong.
///
/// @param now      from which the times in it are counted
/// @param machines that may have builds now, and all
/// @param slots    of the machines that may have builds now
/// @param running  builds on machines
/// @param waiting  builds without a machine
/// @param oldest   since when the one waits that has waited longest; absent if none waits
/// @param lastHour builds that have ended
/// @param problems with machines
public record StatusAnswer(
        Instant now,
        Machines machines,
        long slots,
        long running,
        long waiting,
        Optional<Instant> oldest,
        Ended lastHour,
        List<Trouble> problems) {
    public static final String PATH = "/api/v1/status";

    public StatusAnswer {
        problems = List.copyOf(problems);
    }

    public record Machines(long ready, long all) {}

    /// @param failed  builds that failed themselves
    /// @param refused those that no machine could build, or that their client may not have built
    public record Ended(long built, long failed, long refused) {}

    /// A machine that gets no builds, or fewer.
    ///
    /// @param state  as in [MachineAnswer]
    /// @param reason why
    /// @param next   what can be done about it
    public record Trouble(String machine, String state, String reason, String next) {}
}
