package dispatcher.cli.fleet;

import dispatcher.cli.settings.SettingsOption;
import dispatcher.cli.terminal.Terminal;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `dispatcher queue`: who waits for a machine.
@Command(
        name = "queue",
        description = {
            "Show the builds that wait for a machine, those first that should be next.",
            "PLACE is among those that wait for the same machines."
        },
        mixinStandardHelpOptions = true)
public final class QueueCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 10_000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(
            names = {"-n", "--rows"},
            paramLabel = "N",
            description = "Show so many, at most 10,000. Default: ${DEFAULT-VALUE}.",
            defaultValue = "50")
    private int rows;

    @Override
    public Integer call() {
        if (rows < 0 || rows > MOST_ROWS)
            throw new ParameterException(
                    spec.commandLine(), "--rows %d is not from 0 to %d".formatted(rows, MOST_ROWS));
        var answer = RunningDispatcher.ask(settings.load(), FleetRequests.queueRequest(rows), "show the queue");
        var out = spec.commandLine().getOut();
        if (json) out.println(answer.members().show());
        else new QueueReport(answer.printable()).lines(Terminal.out()).forEach(out::println);
        out.flush();
        return ExitCode.OK;
    }
}
