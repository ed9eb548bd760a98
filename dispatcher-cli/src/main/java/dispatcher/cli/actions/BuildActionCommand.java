package dispatcher.cli.actions;

import dispatcher.cli.api.action.BuildAction;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.command.Operator;
import dispatcher.text.Printable;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// A command that does something to a build that waits or runs.
abstract class BuildActionCommand extends ApiCommand {
    private final String path;
    private final String verb;

    @Parameters(
            paramLabel = "BUILD",
            description = "The number in `dispatcher builds`, a derivation's path, or its name.")
    private String build = "";

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why; clients and records get it.")
    private Optional<String> reason = Optional.empty();

    /// @param path of the endpoint
    /// @param verb for errors
    BuildActionCommand(String path, String verb) {
        this.path = path;
        this.verb = verb;
    }

    @Override
    public Integer call() {
        var answer = needed(
                dispatcher().post(path, new BuildAction(build, reason, Optional.of(Operator.name()))),
                "%s %s".formatted(verb, Printable.line(build)));
        show(answer, () -> List.of(line(answer.printable(BuildAction.Answer.class))));
        return ExitCode.OK;
    }

    abstract String line(BuildAction.Answer answer);
}
