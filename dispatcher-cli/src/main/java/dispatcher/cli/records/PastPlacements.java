package dispatcher.cli.records;

import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.terminal.ExitStatus;
import dispatcher.cli.terminal.Lines;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help.Ansi;

/// Why a build on record went where it did, for other commands.
public final class PastPlacements {
    private static final String WAITING = "waiting";
    private static final String REFUSED = "refused";

    private PastPlacements() {}

    /// @param state      the directory of its state
    /// @param dispatcher perhaps nobody
    /// @return a [BuildAnswer]
    public static ApiAnswer of(Path state, ApiClient dispatcher, long id) {
        return new RecordAccess(state, dispatcher).build(id);
    }

    /// The exit status of a command that shows this.
    public static int exitStatus(BuildAnswer build) {
        return build.attempts().isEmpty() && build.outcome().equals(REFUSED)
                ? ExitStatus.CANNOT_BE_PLACED
                : ExitCode.OK;
    }

    /// For people.
    ///
    /// @param build made printable
    public static List<String> lines(BuildAnswer build, Ansi ansi) {
        var lines = new ArrayList<String>();
        lines.add("build %d, %s, which is %s".formatted(build.id(), build.name(), build.outcome()));
        var placements = build.placements().orElse(List.of());
        if (build.attempts().isEmpty()) lines.addAll(nowhere(build));
        else if (placements.isEmpty()) lines.addAll(attempts(build));
        for (var placement : placements) {
            lines.add("");
            lines.addAll(new PlacementReport(placement).lines(ansi));
        }
        return lines;
    }

    /// All that is kept of a build that no machine has got.
    private static List<String> nowhere(BuildAnswer build) {
        var lines = new ArrayList<String>();
        lines.add("no machine has got it; it needs %s%s"
                .formatted(
                        build.system(),
                        build.features().isEmpty() ? "" : " with " + String.join(", ", build.features())));
        build.ended()
                .ifPresent(ended -> lines.add(
                        "it was over %s after its client asked".formatted(Lines.until(build.asked(), ended))));
        lines.add(build.message().map(why -> "why: " + why).orElse(whyNowhere(build.outcome())));
        if (build.outcome().equals(WAITING) || build.outcome().equals(REFUSED))
            lines.add("what each machine lacks now: dispatcher explain --system %s%s --name %s"
                    .formatted(
                            build.system(),
                            build.features().isEmpty() ? "" : " --features " + String.join(",", build.features()),
                            build.name()));
        return lines;
    }

    private static String whyNowhere(String outcome) {
        return switch (outcome) {
            case WAITING -> "it waits still; `dispatcher queue` shows its place";
            case "shared" -> "why: an equal build gave the result";
            case "found" -> "why: a machine had its outputs already";
            case "abandoned" -> "why: its client left before";
            case "interrupted" -> "why: the dispatcher ended before";
            default -> "no reason is kept";
        };
    }

    /// Of builds of earlier versions, and of those whose explanation could not be written down.
    private static List<String> attempts(BuildAnswer build) {
        var lines = new ArrayList<String>();
        lines.add("the points of machines are not kept of it, but these reasons are");
        for (var attempt : build.attempts()) lines.add("%s: %s".formatted(attempt.machine(), attempt.reason()));
        return lines;
    }
}
