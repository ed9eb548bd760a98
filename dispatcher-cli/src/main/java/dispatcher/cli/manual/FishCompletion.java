package dispatcher.cli.manual;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// Completion for fish: a line for each command and option.
final class FishCompletion {
    private static final String SEEN = "__fish_seen_subcommand_from ";

    private FishCompletion() {}

    static String script(CommandLine program) {
        var lines = new ArrayList<String>();
        lines.add("complete -c %s -f".formatted(program.getCommandName()));
        add(program, program.getCommandName(), List.of(), lines);
        return String.join("\n", lines) + "\n";
    }

    /// @param path the commands above, without the program
    private static void add(CommandLine command, String program, List<String> path, List<String> lines) {
        var below = command.getSubcommands();
        var names = String.join(" ", below.keySet());
        below.forEach((name, sub) -> lines.add("complete -c %s -n '%s' -a %s -d %s"
                .formatted(
                        program,
                        path.isEmpty() ? "__fish_use_subcommand" : within(path) + "; and not " + SEEN + names,
                        name,
                        quoted(Words.first(sub.getCommandSpec())))));
        for (var option : command.getCommandSpec().options()) {
            if (!option.hidden()) lines.add("complete -c %s%s%s".formatted(program, condition(path), words(option)));
        }
        if (command.getCommandSpec().positionalParameters().stream().anyMatch(it -> isFile(it.type())))
            lines.add("complete -c %s%s -F".formatted(program, condition(path)));
        below.forEach((name, sub) -> {
            var deeper = new ArrayList<>(path);
            deeper.add(name);
            add(sub, program, deeper, lines);
        });
    }

    private static String condition(List<String> path) {
        return path.isEmpty() ? "" : " -n '%s'".formatted(within(path));
    }

    private static String within(List<String> path) {
        return path.stream().map(SEEN::concat).collect(Collectors.joining("; and "));
    }

    private static String words(OptionSpec option) {
        var words = new StringBuilder();
        for (var name : option.names())
            words.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
        if (option.arity().max() > 0) words.append(isFile(option.type()) || isFile(option) ? " -r -F" : " -x");
        return words + " -d " + quoted(Words.sentence(String.join(" ", option.description())));
    }

    private static boolean isFile(OptionSpec option) {
        return Optional.ofNullable(option.paramLabel())
                .filter(label -> label.contains("FILE") || label.contains("DIR"))
                .isPresent();
    }

    private static boolean isFile(Class<?> type) {
        return type == Path.class || type == File.class;
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
