package dispatcher.cli.machines;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.terminal.Lines;
import dispatcher.schedule.policy.Amounts;
import java.time.Instant;

/// Says how it stands with a machine on demand.
public final class PowerWords {
    private PowerWords() {}

    /// What the state alone does not say.
    static String why(MachineAnswer.OnDemand power, Instant now) {
        var since = Lines.until(power.since(), now);
        var words = switch (power.state()) {
            case "off" -> "off for %s; a build starts it%s".formatted(since, startsIn(power));
            case "starting" -> "starting for %s%s".formatted(since, startsIn(power));
            case "stopping" -> "stopping for %s".formatted(since);
            case "failed" -> "could not be started %s ago; the next build tries again".formatted(since);
            default -> power.stopping() ? "stops when its last use ends" : "";
        };
        var problem = power.problem().orElse("");
        return words.isEmpty() || problem.isEmpty() ? words + problem : words + ": " + problem;
    }

    private static String startsIn(MachineAnswer.OnDemand power) {
        return power.startsIn()
                .filter(seconds -> seconds.signum() > 0)
                .map(seconds -> "; starts in about " + Amounts.seconds(seconds.doubleValue()))
                .orElse("");
    }

    /// In one line, for a machine by its name.
    public static String line(String machine, MachineAnswer.OnDemand power, Instant now) {
        var why = why(power, now);
        return switch (power.state()) {
            case "ready" ->
                "%s is on for %s, %s%s"
                        .formatted(
                                machine,
                                Lines.until(power.since(), now),
                                uses(power.uses()),
                                why.isEmpty() ? "" : "; " + why);
            case "failed" -> "%s %s".formatted(machine, why);
            default -> "%s is %s".formatted(machine, why);
        };
    }

    private static String uses(long uses) {
        return uses == 0 ? "not used" : uses == 1 ? "used by 1 connection" : "used by %d connections".formatted(uses);
    }
}
