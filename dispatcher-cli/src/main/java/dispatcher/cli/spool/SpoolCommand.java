package dispatcher.cli.spool;

import dispatcher.cli.api.SpoolAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher spool`: how full the spool is, and of what.
@Command(
        name = "spool",
        description = {
            "Show the spool: where it is, how full, and how much of it must stay for what is going on.",
            "The running dispatcher is asked; if none runs, the directory itself is looked at."
        },
        subcommands = SpoolTrimCommand.class,
        mixinStandardHelpOptions = true)
public final class SpoolCommand extends ApiCommand {
    @Option(names = "--paths", description = "Show the first 10,000 paths too, in the order in which they would go.")
    private boolean paths;

    @Override
    public Integer call() {
        var path = "%s?%s=%s".formatted(SpoolAnswer.PATH, SpoolEndpoints.ENTRIES, paths);
        var answer = dispatcher()
                .get(path)
                .orElseGet(() -> SpoolAccess.ofDirectory(settings(), spool -> spool.status(paths)));
        show(answer, () -> new SpoolReport(answer.printable(SpoolAnswer.class)).status(paths, Terminal.out()));
        return ExitCode.OK;
    }
}
