package dispatcher.cli.manual;

import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `dispatcher completion`: a script by which a shell completes commands and options.
@Command(
        name = "completion",
        description = {
            "Print a script for a shell, which then completes commands and options.",
            "bash: source it, or save it as /usr/share/bash-completion/completions/dispatcher. zsh: source it in ~/.zshrc."
                    + " fish: save it as ~/.config/fish/completions/dispatcher.fish."
        },
        mixinStandardHelpOptions = true)
public final class CompletionCommand implements Callable<Integer> {
    enum Shell {
        BASH,
        ZSH,
        FISH
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
    private String shell = "";

    private final Supplier<CommandLine> program;

    /// @param program with all of its commands
    public CompletionCommand(Supplier<CommandLine> program) {
        this.program = program;
    }

    @Override
    public Integer call() {
        var whole = program.get();
        var name = whole.getCommandName();
        var script = switch (shell()) {
            // The script of picocli is for both.
            case BASH, ZSH -> AutoComplete.bash(name, whole);
            case FISH -> FishCompletion.script(whole);
        };
        spec.commandLine().getOut().print(script);
        spec.commandLine().getOut().flush();
        return ExitCode.OK;
    }

    private Shell shell() {
        try {
            return Shell.valueOf(shell.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "there is completion for bash, zsh and fish, not for " + shell, e);
        }
    }
}
