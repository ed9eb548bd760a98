package dispatcher.cli.fleet;

import dispatcher.cli.settings.SettingsOption;
import dispatcher.cli.terminal.Terminal;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `dispatcher machines`: what each machine is doing, and whether it may have builds.
@Command(
        name = "machines",
        description = {
            "Show the machines of the running dispatcher: their states, what runs there, and what was measured of them.",
            "To see whether they can be reached, use `dispatcher ping`."
        },
        mixinStandardHelpOptions = true)
public final class MachinesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        var answer = RunningDispatcher.ask(settings.load(), FleetRequests.machinesRequest(), "show the machines");
        var out = spec.commandLine().getOut();
        if (json) out.println(answer.members().show());
        else new MachinesReport(answer.printable()).lines(Terminal.out()).forEach(out::println);
        out.flush();
        return ExitCode.OK;
    }
}
