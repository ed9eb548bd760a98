package dispatcher.cli.join;

import dispatcher.cli.api.JoinRequest;
import dispatcher.cli.command.ApiCommand;
import dispatcher.text.Printable;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/// `dispatcher machine remove`: takes back `dispatcher machine add`.
@Command(
        name = "remove",
        description = {
            "Remove a machine that `dispatcher machine add` has added, or that has a file of its own in machines.d. It gets no"
                    + " more builds; those that run there end first."
        },
        mixinStandardHelpOptions = true)
public final class MachineRemoveCommand extends ApiCommand {
    @Parameters(paramLabel = "NAME", description = "The machine's name.")
    private String machine = "";

    @Override
    public Integer call() {
        var answer = needed(
                dispatcher().post(JoinRequest.REMOVE_PATH, new JoinRequest.Leave(machine)),
                "remove " + Printable.line(machine));
        show(answer, () -> lines(answer.printable(JoinRequest.Answer.class)));
        return ExitCode.OK;
    }

    private static List<String> lines(JoinRequest.Answer answer) {
        var lines = new ArrayList<>(answer.changes());
        answer.file().ifPresent(file -> lines.add("removed " + file));
        return lines;
    }
}
