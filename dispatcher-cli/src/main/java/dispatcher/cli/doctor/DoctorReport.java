package dispatcher.cli.doctor;

import dispatcher.cli.terminal.Terminal;
import dispatcher.text.Printable;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// All findings, for people and, as it is, for programs.
///
/// @param ok whether there is no fault
public record DoctorReport(boolean ok, List<Entry> findings) {
    private static final String YELLOW = "33";

    /// A finding with words for its state.
    public record Entry(String state, String subject, String check, String why, String where, String next) {}

    public DoctorReport {
        findings = List.copyOf(findings);
    }

    static DoctorReport of(List<Finding> findings) {
        return new DoctorReport(
                findings.stream().noneMatch(finding -> finding.state() == Finding.State.FAULT),
                findings.stream()
                        .map(it ->
                                new Entry(it.state().word(), it.subject(), it.check(), it.why(), it.where(), it.next()))
                        .toList());
    }

    List<String> lines(Ansi ansi) {
        var lines = new ArrayList<String>();
        var subject = "";
        for (var finding : findings) {
            if (!finding.subject().equals(subject)) {
                subject = finding.subject();
                if (!lines.isEmpty()) lines.add("");
                lines.add(Terminal.paint(ansi, Terminal.BOLD, Printable.line(subject)));
            }
            lines.add("  %s %s: %s"
                    .formatted(
                            Terminal.paint(ansi, colour(finding.state()), "%-8s".formatted(finding.state())),
                            Printable.line(finding.check()),
                            indented(finding.why())));
            if (!finding.next().isEmpty())
                lines.add("           next:%s %s"
                        .formatted(
                                finding.where().isEmpty() ? "" : " (" + Printable.line(finding.where()) + ")",
                                indented(finding.next())));
        }
        lines.add("");
        lines.add(summary());
        return lines;
    }

    private String summary() {
        return "%d ok, %d warnings, %d faults, %d unknown"
                .formatted(
                        count(Finding.State.OK),
                        count(Finding.State.WARNING),
                        count(Finding.State.FAULT),
                        count(Finding.State.UNKNOWN));
    }

    private long count(Finding.State state) {
        return findings.stream().filter(it -> it.state().equals(state.word())).count();
    }

    private static String colour(String state) {
        return switch (state) {
            case "ok" -> Terminal.GREEN;
            case "fault" -> Terminal.RED;
            default -> YELLOW;
        };
    }

    private static String indented(String text) {
        return Printable.lines(text).replace("\n", "\n                 ");
    }
}
