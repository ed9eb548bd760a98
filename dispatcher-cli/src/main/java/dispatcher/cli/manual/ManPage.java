package dispatcher.cli.manual;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The man page of a command, in roff with the macros of man(7).
///
/// @param command in its program
/// @param version of the program
record ManPage(CommandLine command, String version) {
    private static final String SECTION = "1";
    private static final Map<String, String> STATUSES = Map.of(
            "0", "done.",
            "1", "failed; standard error says why, and what to do next.",
            "2", "wrong usage.",
            "130", "interrupted.");

    /// Such as `dispatcher-machine-add`.
    String name() {
        return spec().qualifiedName("-");
    }

    String file() {
        return name() + "." + SECTION;
    }

    private CommandSpec spec() {
        return command.getCommandSpec();
    }

    String text() {
        var lines = new ArrayList<String>();
        lines.add(".TH \"%s\" %s \"\" \"dispatcher %s\" \"dispatcher\""
                .formatted(roff(name().toUpperCase(java.util.Locale.ROOT)), SECTION, roff(version)));
        lines.add(".SH NAME");
        lines.add("%s \\- %s".formatted(roff(name()), roff(Words.first(spec()))));
        lines.add(".SH SYNOPSIS");
        lines.add(synopsis());
        lines.add(".SH DESCRIPTION");
        paragraphs(spec().usageMessage().description(), lines);
        var positional = spec().positionalParameters().stream()
                .filter(it -> !it.hidden())
                .toList();
        if (!positional.isEmpty()) lines.add(".SH ARGUMENTS");
        for (var parameter : positional) item(italic(parameter.paramLabel()), parameter, lines);
        lines.add(".SH OPTIONS");
        for (var option : spec().options()) if (!option.hidden()) item(names(option), option, lines);
        subcommands(lines);
        lines.add(".SH EXIT STATUS");
        statuses().forEach((status, meaning) -> {
            lines.add(".TP");
            lines.add(bold(status));
            lines.add(roff(meaning));
        });
        seeAlso(lines);
        return String.join("\n", lines) + "\n";
    }

    private String synopsis() {
        var words = new ArrayList<String>();
        words.add(bold(spec().qualifiedName(" ")));
        words.add("[" + italic("OPTION") + "]...");
        for (var parameter : spec().positionalParameters()) {
            var label = italic(parameter.paramLabel());
            var many = parameter.arity().max() > 1 ? "..." : "";
            words.add(parameter.arity().min() == 0 ? "[" + label + "]" + many : label + many);
        }
        if (!command.getSubcommands().isEmpty()) words.add(italic("COMMAND"));
        return String.join(" ", words);
    }

    private static void paragraphs(String[] texts, List<String> lines) {
        for (var text : texts) {
            lines.add(".PP");
            lines.add(roff(Words.plain(text)));
        }
    }

    private static void item(String head, ArgSpec argument, List<String> lines) {
        lines.add(".TP");
        lines.add(head);
        lines.add(roff(Words.plain(String.join(" ", argument.description()))));
    }

    private static String names(OptionSpec option) {
        var value = option.arity().max() > 0 ? " " + italic(option.paramLabel()) : "";
        return Arrays.stream(option.names()).map(ManPage::bold).collect(Collectors.joining(", ")) + value;
    }

    private void subcommands(List<String> lines) {
        if (command.getSubcommands().isEmpty()) return;
        lines.add(".SH COMMANDS");
        command.getSubcommands().forEach((name, sub) -> {
            lines.add(".TP");
            lines.add(bold(name));
            lines.add(roff(Words.first(sub.getCommandSpec())) + ".");
        });
    }

    /// The command's own, and what holds for all of them.
    private Map<String, String> statuses() {
        var statuses = new java.util.TreeMap<String, String>(java.util.Comparator.comparingInt(Integer::parseInt));
        statuses.putAll(STATUSES);
        statuses.putAll(spec().usageMessage().exitCodeList());
        return statuses;
    }

    private void seeAlso(List<String> lines) {
        var others = Stream.concat(
                        Stream.ofNullable(spec().parent()).map(above -> above.qualifiedName("-")),
                        command.getSubcommands().values().stream()
                                .map(sub -> sub.getCommandSpec().qualifiedName("-")))
                .map(name -> bold(name) + "(" + SECTION + ")")
                .collect(Collectors.joining(", "));
        if (others.isEmpty()) return;
        lines.add(".SH SEE ALSO");
        lines.add(others);
    }

    private static String bold(String text) {
        return "\\fB" + roff(text) + "\\fR";
    }

    private static String italic(String text) {
        return "\\fI" + roff(text) + "\\fR";
    }

    /// Text that roff shows as it is.
    static String roff(String text) {
        var roff = new StringBuilder();
        text.codePoints().forEach(sign -> {
            switch (sign) {
                case '\\' -> roff.append("\\e");
                case '-' -> roff.append("\\-");
                case '\'' -> roff.append("\\(aq");
                case '`' -> roff.append("\\(ga");
                case '"' -> roff.append("\\(dq");
                case '^' -> roff.append("\\(ha");
                case '~' -> roff.append("\\(ti");
                case '\n' -> roff.append(' ');
                default -> {
                    if (sign < 0x7f) roff.appendCodePoint(sign);
                    else roff.append("\\[u%04X]".formatted(sign));
                }
            }
        });
        return roff.toString().startsWith(".") ? "\\&" + roff : roff.toString();
    }
}
