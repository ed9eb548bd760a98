package dispatcher.cli.records;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Terminal;
import dispatcher.schedule.policy.Amounts;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// Shows one build to people.
///
/// @param build made printable
record BuildReport(BuildAnswer build) {
    List<String> lines(Ansi ansi) {
        var lines = new ArrayList<String>();
        lines.add(Terminal.paint(ansi, Terminal.BOLD, "build %d: %s".formatted(build.id(), build.drv())));
        add(lines, "outcome", outcome());
        build.message().ifPresent(message -> add(lines, "why", message));
        add(lines, "client", build.client());
        add(
                lines,
                "needs",
                build.system() + (build.features().isEmpty() ? "" : " with " + String.join(", ", build.features())));
        add(lines, "asked", build.asked().toString());
        build.ended().ifPresent(ended -> add(lines, "ended", ended.toString()));
        if (build.waited().equalBuild().signum() > 0)
            add(lines, "waited", seconds(build.waited().equalBuild()) + " for an equal build");
        add(lines, "waited", seconds(build.waited().slot()) + " for a slot");
        if (build.waited().awayMachine().signum() > 0)
            add(lines, "waited", seconds(build.waited().awayMachine()) + " for machines that were away or started");
        for (var attempt : build.attempts()) {
            add(lines, "machine", "%s since %s: %s".formatted(attempt.machine(), attempt.began(), attempt.reason()));
            attempt.lost().ifPresent(why -> add(lines, "", "lost: " + why));
            attempt.moved().ifPresent(why -> add(lines, "", "moved to another machine " + why));
        }
        build.copied()
                .ifPresent(copied -> add(
                        lines,
                        "copied",
                        "%d paths, %s in %s"
                                .formatted(copied.paths(), Sizes.show(copied.bytes()), seconds(copied.took()))));
        build.built().ifPresent(took -> add(lines, "built in", seconds(took)));
        build.outputBytes().ifPresent(bytes -> add(lines, "outputs", Sizes.show(bytes)));
        build.fetched()
                .ifPresent(fetched -> add(
                        lines,
                        "fetched",
                        "%d outputs, %s in %s, until %s"
                                .formatted(
                                        fetched.paths(),
                                        Sizes.show(fetched.bytes()),
                                        seconds(fetched.took()),
                                        fetched.last())));
        build.peakMemory().ifPresent(bytes -> add(lines, "memory", Sizes.show(bytes) + " at most"));
        for (var placement : build.placements().orElse(List.of())) {
            lines.add("");
            lines.addAll(new PlacementReport(placement).lines(ansi));
        }
        return lines;
    }

    private String outcome() {
        return switch (build.outcome()) {
            case "waiting" -> "waits";
            case "running" -> "runs";
            case "shared" -> "the result of an equal build";
            case "found" -> "a machine had the outputs already";
            case "abandoned" -> "abandoned, as its client left";
            case "interrupted" -> "interrupted, as the dispatcher ended";
            default -> build.outcome();
        };
    }

    private static void add(List<String> lines, String head, String text) {
        lines.add("  %-9s %s".formatted(head, text));
    }

    private static String seconds(BigDecimal seconds) {
        return Amounts.seconds(seconds.doubleValue());
    }
}
