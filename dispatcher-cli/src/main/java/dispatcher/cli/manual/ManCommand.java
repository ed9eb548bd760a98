package dispatcher.cli.manual;

import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `dispatcher man`: man pages of all commands.
@Command(
        name = "man",
        description = {
            "Print the man page of a command, or write those of all commands into a directory.",
            "To read one: dispatcher man ping | man -l -."
        },
        mixinStandardHelpOptions = true)
public final class ManCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "COMMAND",
            arity = "0..*",
            description = "Such as ping, or machine add. Without it: of the program.")
    private List<String> words = List.of();

    @Option(names = "--dir", paramLabel = "DIRECTORY", description = "Write all of them there, as NAME.1.")
    private Optional<Path> directory = Optional.empty();

    private final Supplier<CommandLine> program;
    private final String version;

    /// @param program with all of its commands
    public ManCommand(Supplier<CommandLine> program, String version) {
        this.program = program;
        this.version = version;
    }

    @Override
    public Integer call() {
        var out = spec.commandLine().getOut();
        if (directory.isPresent()) {
            if (!words.isEmpty()) throw new ParameterException(spec.commandLine(), "--dir is for all commands");
            write(directory.get());
        } else out.print(new ManPage(command(), version).text());
        out.flush();
        return ExitCode.OK;
    }

    private CommandLine command() {
        var command = program.get();
        for (var word : words) {
            var below = command.getSubcommands().get(word);
            if (below == null)
                throw new ParameterException(spec.commandLine(), "there is no command " + String.join(" ", words));
            command = below;
        }
        return command;
    }

    private void write(Path target) {
        try {
            Files.createDirectories(target);
            for (var command : withSubcommands(program.get()).toList()) {
                var page = new ManPage(command, version);
                Files.writeString(target.resolve(page.file()), page.text());
            }
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot write man pages", e.toString(), "name a directory in which you may write with --dir", e);
        }
    }

    static Stream<CommandLine> withSubcommands(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(ManCommand::withSubcommands));
    }
}
