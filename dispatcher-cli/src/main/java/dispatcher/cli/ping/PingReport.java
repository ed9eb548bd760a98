package dispatcher.cli.ping;

import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import dispatcher.machine.Machine;
import dispatcher.text.Printable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.regex.Pattern;
import picocli.CommandLine.Help.Ansi;

/// Shows how the machines answered.
///
/// @param answers in the order to show
/// @param notUsed what is wrong with machines that the settings leave out for it
/// @param ways    which lines of ssh_config decide the way to a machine, by its name
public record PingReport(List<Answer> answers, List<Fault> notUsed, SortedMap<String, List<String>> ways) {
    private static final String NOT_USED = "not used";
    private static final String OK = "ok";
    private static final String NOTHING = "-";
    /// Levels of the x86-64 instruction set, which Nix lists among the platforms and which are rarely built for.
    private static final Pattern MICROARCHITECTURE = Pattern.compile("x86_64-v\\d-.*");

    public PingReport {
        answers = List.copyOf(answers);
        notUsed = List.copyOf(notUsed);
        ways = Collections.unmodifiableSortedMap(new TreeMap<>(ways));
    }

    /// Without ssh_config.
    public PingReport(List<Answer> answers, List<Fault> notUsed) {
        this(answers, notUsed, new TreeMap<>());
    }

    /// Of settings that leave none out.
    public PingReport(List<Answer> answers) {
        this(answers, List.of());
    }

    public boolean allWell() {
        return notUsed.isEmpty()
                && answers.stream().allMatch(answer -> answer.problems().isEmpty());
    }

    /// Whether not one of the machines that were asked can be used.
    boolean noneUsable() {
        return answers.stream().allMatch(Answer.Failed.class::isInstance);
    }

    /// A table, what its signs mean, and what to do about each problem.
    public List<String> lines(Ansi ansi) {
        var table = new Table(
                "MACHINE", "VERDICT", "CONNECT", "HANDSHAKE", "NIX", "TRUSTED", "CORES", "FREE", "SYSTEMS", "FEATURES");
        answers.forEach(answer -> table.row(row(answer)));
        var leftOut = notUsed.stream().map(PingReport::place).distinct().toList();
        leftOut.forEach(place -> table.row(row(place)));
        var rows = table.lines();
        var lines = new ArrayList<String>();
        lines.add(Terminal.paint(ansi, Terminal.BOLD, rows.getFirst()));
        for (int i = 0; i < answers.size(); i++) {
            lines.add(painted(answers.get(i), rows.get(i + 1), ansi));
        }
        rows.subList(answers.size() + 1, rows.size())
                .forEach(row -> lines.add(Terminal.paint(ansi, Terminal.RED, row)));
        lines.addAll(legend(rows.subList(1, rows.size())));
        ways.forEach((machine, way) -> lines.addAll(way(machine, way)));
        for (var answer : answers) {
            if (answer instanceof Answer.LeftAlone alone) lines.addAll(lines(answer, alone.note(), ansi));
            answer.problems().forEach(problem -> lines.addAll(lines(answer, problem, ansi)));
        }
        for (var fault : notUsed) lines.addAll(lines(fault, ansi));
        return lines;
    }

    private static String painted(Answer answer, String row, Ansi ansi) {
        if (answer instanceof Answer.LeftAlone) return row;
        return Terminal.paint(ansi, answer.problems().isEmpty() ? Terminal.GREEN : Terminal.RED, row);
    }

    private static List<String> way(String machine, List<String> way) {
        var lines = new ArrayList<String>();
        if (way.isEmpty()) return lines;
        lines.add("");
        lines.add("%s by ssh_config:".formatted(Printable.line(machine)));
        for (var line : way) lines.add("  " + Printable.line(line));
        return lines;
    }

    /// The name of a machine whose entry has a fault.
    private static String place(Fault fault) {
        return fault.file() + ":" + fault.line();
    }

    private static String[] row(String place) {
        return new String[] {place, NOT_USED, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING};
    }

    private static List<String> lines(Fault fault, Ansi ansi) {
        return List.of(
                "",
                Terminal.paint(ansi, Terminal.BOLD, place(fault)) + ": " + NOT_USED,
                "  cause: %s: %s".formatted(fault.key(), fault.message()),
                "  next:  correct that line, and run `dispatcher reload`");
    }

    private static String[] row(Answer answer) {
        return switch (answer) {
            case Answer.Failed(var machine, var problem) -> row(machine, problem.verdict());
            case Answer.LeftAlone(var machine, var note) -> row(machine, note.verdict());
            case Answer.Reached reached ->
                new String[] {
                    reached.machine().name(),
                    reached.problems().isEmpty()
                            ? OK
                            : reached.problems().getFirst().verdict(),
                    milliseconds(reached.connect()),
                    milliseconds(reached.handshake()),
                    reached.nixVersion().orElse("?"),
                    reached.trusted().map(trusted -> trusted ? "yes" : "no").orElse("?"),
                    cores(reached),
                    reached.offered().freeBytes().isPresent()
                            ? Sizes.show(reached.offered().freeBytes().getAsLong())
                            : "?",
                    compared(reached.machine().systems(), reached.offered().systems()),
                    compared(
                            CapabilityCheck.features(reached.machine()),
                            reached.offered().features())
                };
        };
    }

    /// Of a machine that was not reached.
    private static String[] row(Machine machine, String verdict) {
        return new String[] {
            machine.name(),
            verdict,
            NOTHING,
            NOTHING,
            NOTHING,
            NOTHING,
            NOTHING,
            NOTHING,
            compared(machine.systems(), Optional.empty()),
            compared(CapabilityCheck.features(machine), Optional.empty())
        };
    }

    private static String milliseconds(Duration duration) {
        return duration.toMillis() + " ms";
    }

    private static String cores(Answer.Reached reached) {
        var cores = reached.offered().cores();
        return "%s for %d jobs"
                .formatted(
                        cores.isPresent() ? Integer.toString(cores.getAsInt()) : "?",
                        reached.machine().maxJobs());
    }

    /// What is claimed, `!` before what is not offered, and `+` before what is offered beside it.
    private static String compared(SortedSet<String> claimed, Optional<SortedSet<String>> offered) {
        if (offered.isEmpty()) return claimed.isEmpty() ? NOTHING : String.join(",", claimed) + " ?";
        var words = new ArrayList<String>();
        for (var name : claimed) words.add(offered.get().contains(name) ? name : "!" + name);
        for (var name : offered.get()) {
            if (!claimed.contains(name) && !MICROARCHITECTURE.matcher(name).matches()) words.add("+" + name);
        }
        return words.isEmpty() ? NOTHING : String.join(",", words);
    }

    private List<String> legend(List<String> rows) {
        var legend = new ArrayList<String>();
        if (anyCell(rows, "!")) legend.add("! claimed by the settings, and not offered by the machine");
        if (anyCell(rows, "+")) legend.add("+ offered by the machine, and not claimed by the settings");
        if (rows.stream().anyMatch(row -> row.contains(" ?")))
            legend.add("? the machine did not say; what the settings say is shown");
        if (!legend.isEmpty()) legend.addFirst("");
        return legend;
    }

    private static boolean anyCell(List<String> rows, String sign) {
        return rows.stream().anyMatch(row -> row.contains(" " + sign) || row.contains("," + sign));
    }

    private static List<String> lines(Answer answer, Problem problem, Ansi ansi) {
        var machine = answer.machine();
        var head = Terminal.paint(ansi, Terminal.BOLD, Printable.line(machine.name()))
                + Printable.line(
                        " (%s://%s): %s".formatted(machine.protocol().scheme(), machine.address(), problem.verdict()));
        return List.of("", head, "  cause: " + indented(problem.why()), "  next:  " + indented(problem.next()));
    }

    private static String indented(String text) {
        return Printable.lines(text).replace("\n", "\n         ");
    }
}
