package dispatcher.cli.explain;

import dispatcher.cli.api.ExplainAnswer;
import dispatcher.cli.api.Figure;
import dispatcher.cli.terminal.Lines;
import dispatcher.cli.terminal.Table;
import dispatcher.cli.terminal.Terminal;
import dispatcher.schedule.policy.Amounts;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Help.Ansi;

/// Shows an explanation to people.
///
/// @param answer made printable
record ExplanationReport(ExplainAnswer answer) {
    private static final String NOTHING = "-";
    private static final String CHOSEN = "chosen";
    private static final String NOT_BEST = "not-best";

    /// A sentence that says what would happen, then the estimates, then the score of every machine.
    List<String> lines(Ansi ansi) {
        var machines = answer.machines();
        var lines = new ArrayList<String>();
        lines.add("%s for %s%s".formatted(subject(), answer.system(), features()));
        lines.add(verdict());
        lines.add(expectation());
        inputs().ifPresent(lines::add);
        resources().ifPresent(lines::add);
        if (answer.waiting() > 0)
            lines.add("%s already; those for the same machines that come first in their order begin before it"
                    .formatted(answer.waiting() == 1 ? "1 build waits" : answer.waiting() + " builds wait"));
        lines.add("");
        var table = new Table("MACHINE", "START", "LACKS", "COPY", "BUILD", "FINISH", "SLOTS", "SPEED", "WHY");
        for (var machine : machines) table.row(row(machine));
        var rows = Lines.headed(table, ansi);
        for (int i = 0; i < machines.size(); i++)
            if (machines.get(i).verdict().equals(CHOSEN))
                rows.set(i + 1, Terminal.paint(ansi, Terminal.GREEN, rows.get(i + 1)));
        lines.addAll(rows);
        return lines;
    }

    private String subject() {
        return answer.drv()
                .orElseGet(() -> answer.name()
                        .map("a derivation with the name %s"::formatted)
                        .orElse("any derivation"));
    }

    private String features() {
        return answer.features().isEmpty() ? "" : ", requires " + String.join(", ", answer.features());
    }

    private String verdict() {
        if (answer.chosen().isPresent())
            return "would go to %s now".formatted(answer.chosen().get());
        if (!answer.possible()) return "no machine can ever build it";
        return anyFree()
                ? "would wait for a busy machine that should finish it before any that is free"
                : "would wait: no machine that can build it takes it now";
    }

    private boolean anyFree() {
        return answer.machines().stream().anyMatch(machine -> machine.verdict().equals(NOT_BEST));
    }

    private String expectation() {
        return answer.expected()
                .toOptional()
                .map(expected -> Amounts.seconds(expected.doubleValue()))
                .map(time -> answer.expectedKnown()
                        ? "takes %s at speed 1, as seen before".formatted(time)
                        : "has not been seen before; counts as %s at speed 1, from what others took".formatted(time))
                .orElse("no history: nothing is known of how long it takes");
    }

    private Optional<String> inputs() {
        var inputs = answer.inputs();
        if (inputs.paths() == 0 && inputs.unknown() == 0) return Optional.empty();
        var words = "reads %s, %s".formatted(count(inputs.paths(), "path"), Amounts.bytes(inputs.bytes()));
        return Optional.of(
                inputs.unknown() == 0
                        ? words
                        : words + "; of %s it is not known how large".formatted(count(inputs.unknown(), "input")));
    }

    private static String count(long number, String what) {
        return number == 1 ? "1 " + what : "%d %ss".formatted(number, what);
    }

    private Optional<String> resources() {
        if (answer.resources().isEmpty()) return Optional.empty();
        return Optional.of("takes "
                + answer.resources().entrySet().stream()
                        .map(entry -> "%s %s".formatted(entry.getKey(), Amounts.show(entry.getKey(), entry.getValue())))
                        .collect(Collectors.joining(", ")));
    }

    private String[] row(ExplainAnswer.Choice machine) {
        return new String[] {
            machine.name(),
            machine.untilStart().show(slot -> start(slot.add(boot(machine))), Lines.NO_HISTORY, NOTHING),
            lacks(machine),
            seconds(machine.copy()),
            seconds(machine.build()),
            seconds(machine.finish()),
            slots(machine),
            machine.speed().show(speed -> Amounts.factor(speed.doubleValue()), NOTHING, NOTHING),
            why(machine)
        };
    }

    private static String start(BigDecimal seconds) {
        return seconds.signum() == 0 ? "now" : "in " + Amounts.seconds(seconds.doubleValue());
    }

    private static BigDecimal boot(ExplainAnswer.Choice machine) {
        return machine.startsIn().toOptional().orElse(BigDecimal.ZERO);
    }

    /// Of a machine that is not up; otherwise empty.
    private static String power(ExplainAnswer.Choice machine) {
        return machine.power()
                .flatMap(power -> machine.startsIn()
                        .toOptional()
                        .map(seconds ->
                                "%s; starts in about %s".formatted(power, Amounts.seconds(seconds.doubleValue()))))
                .orElse("");
    }

    /// What is to be copied there of the inputs.
    private static String lacks(ExplainAnswer.Choice machine) {
        return machine.copyBytes()
                .filter(bytes -> bytes != 0)
                .map(Amounts::bytes)
                .orElse(NOTHING);
    }

    private static String seconds(Figure<BigDecimal> figure) {
        return figure.show(seconds -> Amounts.seconds(seconds.doubleValue()), Lines.NO_HISTORY, NOTHING);
    }

    private static String slots(ExplainAnswer.Choice machine) {
        return machine.slots()
                .map(slots -> "%d/%d".formatted(machine.slotsTaken().orElse(0L), slots))
                .orElse(NOTHING);
    }

    private String why(ExplainAnswer.Choice machine) {
        return switch (machine.verdict()) {
            case CHOSEN -> words("should finish it first", power(machine), reason(machine));
            case NOT_BEST -> words(power(machine), notBest(machine), reason(machine));
            default -> words(reason(machine), power(machine));
        };
    }

    private static String reason(ExplainAnswer.Choice machine) {
        return machine.reason().orElse("");
    }

    private String notBest(ExplainAnswer.Choice machine) {
        var spared = machine.spared().orElse(false) ? "spared for builds that need more of what it offers" : "";
        var slow = machine.power().isPresent() ? "" : "free, but slow";
        return words(spared, chosen().map(best -> later(machine, best)).orElse(slow));
    }

    private static String words(String... parts) {
        return Stream.of(parts).filter(text -> !text.isEmpty()).collect(Collectors.joining("; "));
    }

    private static String later(ExplainAnswer.Choice machine, ExplainAnswer.Choice best) {
        var mine = machine.finish().toOptional();
        var others = best.finish().toOptional();
        if (mine.isEmpty() || others.isEmpty()) return "no better";
        double later = mine.get().doubleValue() - others.get().doubleValue();
        return later > 0 ? "%s later".formatted(Amounts.seconds(later)) : "no better";
    }

    private Optional<ExplainAnswer.Choice> chosen() {
        return answer.machines().stream()
                .filter(machine -> machine.verdict().equals(CHOSEN))
                .findFirst();
    }
}
