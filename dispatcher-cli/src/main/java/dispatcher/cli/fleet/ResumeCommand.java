package dispatcher.cli.fleet;

import dispatcher.cli.settings.SettingsOption;
import dispatcher.text.Printable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `dispatcher resume`: ends what `dispatcher drain` began.
@Command(name = "resume", description = "Let a drained machine have builds again.", mixinStandardHelpOptions = true)
public final class ResumeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Parameters(paramLabel = "MACHINE", description = "Its name in the settings.")
    private String machine = "";

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        var answer =
                RunningDispatcher.ask(settings.load(), FleetRequests.drainRequest(machine, false), "resume " + machine);
        var out = spec.commandLine().getOut();
        var name = Printable.line(machine);
        if (json) out.println(answer.members().show());
        else if (!answer.flag("changed")) out.println(name + " was not drained");
        else if (!answer.has("machine")) out.println(name + " is not drained any more, nor in the settings");
        else {
            var state = answer.printable().object("machine").text("state");
            out.println(
                    "%s is not drained any more%s".formatted(name, state.equals("ready") ? "" : "; it is " + state));
        }
        out.flush();
        return ExitCode.OK;
    }
}
