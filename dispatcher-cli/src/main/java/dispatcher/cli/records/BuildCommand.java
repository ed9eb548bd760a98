package dispatcher.cli.records;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/// `dispatcher build`: all that is known of one build.
@Command(
        name = "build",
        description = {
            "Show one build: what it waited for, which machines it was on and why, what it took, and why it failed.",
            "`dispatcher log ID` shows its log."
        },
        mixinStandardHelpOptions = true)
public final class BuildCommand extends ApiCommand {
    @Parameters(paramLabel = "ID", description = "The number in `dispatcher builds`, or a name: the newest of it.")
    private String build;

    @Override
    public Integer call() {
        var records = new RecordAccess(state(), dispatcher());
        var answer = records.build(records.idOf(build));
        show(answer, () -> new BuildReport(answer.printable(BuildAnswer.class)).lines(Terminal.out()));
        return ExitCode.OK;
    }
}
