package dispatcher.cli.web.build;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Words;
import dispatcher.record.BuildRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// How builds end, or how far they are.
final class Outcomes {
    private static final String WAITING = "waiting";
    private static final String RUNNING = "running";

    private Outcomes() {}

    /// All there are, as the API has them.
    static List<String> all() {
        return Arrays.stream(BuildRecord.Outcome.values())
                .map(outcome -> outcome.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    static boolean waits(BuildAnswer build) {
        return build.outcome().equals(WAITING);
    }

    static boolean runs(BuildAnswer build) {
        return build.outcome().equals(RUNNING);
    }

    static boolean goesOn(BuildAnswer build) {
        return waits(build) || runs(build);
    }

    static Html badge(BuildAnswer build) {
        var mood = switch (build.outcome()) {
            case "built", "shared", "found" -> "good";
            case "failed" -> "bad";
            case "refused", "interrupted" -> "warn";
            default -> "off";
        };
        return Words.badge(mood, build.outcome());
    }

    /// The same as a sentence.
    static String meaning(BuildAnswer build) {
        return switch (build.outcome()) {
            case WAITING -> "It waits for a machine, or for an equal build.";
            case RUNNING -> "It is on a machine.";
            case "built" -> "The outputs were made.";
            case "failed" ->
                build.attempts().isEmpty() ? "An equal build that it waited for failed." : "The build itself failed.";
            case "refused" -> "No machine can build it, or the client may not have it built.";
            case "cancelled" -> "An operator ended it.";
            case "shared" -> "An equal build made the outputs.";
            case "found" -> "A machine had the outputs already.";
            case "abandoned" -> "Its client left before the end.";
            case "interrupted" -> "The dispatcher ended before it did.";
            default -> "";
        };
    }
}
