package dispatcher.cli.drain;

import dispatcher.cli.api.DrainAnswer;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.command.Operator;
import dispatcher.text.Printable;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/// `dispatcher resume`: ends what `dispatcher drain` began.
@Command(name = "resume", description = "Let a drained machine have builds again.", mixinStandardHelpOptions = true)
public final class ResumeCommand extends ApiCommand {
    @Parameters(paramLabel = "MACHINE", description = "Its name in the settings.")
    private String machine = "";

    @Override
    public Integer call() {
        var answer = needed(
                dispatcher()
                        .post(
                                DrainRequest.RESUME_PATH,
                                new DrainRequest(machine, Optional.empty(), Optional.of(Operator.name()))),
                "resume " + machine);
        show(answer, () -> List.of(line(answer.printable(DrainAnswer.class))));
        return ExitCode.OK;
    }

    private String line(DrainAnswer answer) {
        var name = Printable.line(machine);
        if (!answer.changed()) return name + " was not drained";
        if (answer.machine().isEmpty()) return name + " is not drained any more, nor in the settings";
        var state = answer.machine().get().state();
        return "%s is not drained any more%s".formatted(name, state.equals("ready") ? "" : "; it is " + state);
    }
}
