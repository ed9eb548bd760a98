package dispatcher.cli.spool;

import dispatcher.cli.settings.SettingsOption;
import dispatcher.cli.terminal.Terminal;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `dispatcher spool`: how full the spool is, and of what.
@Command(
        name = "spool",
        description = {
            "Show the spool: where it is, how full, and how much of it must stay for what is going on.",
            "The running dispatcher is asked; if none runs, the directory itself is looked at."
        },
        subcommands = SpoolTrimCommand.class,
        mixinStandardHelpOptions = true)
public final class SpoolCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--paths", description = "Show the first 10,000 paths too, in the order in which they would go.")
    private boolean paths;

    SettingsOption settings() {
        return settings;
    }

    boolean json() {
        return json;
    }

    @Override
    public Integer call() throws InterruptedException {
        var answer = SpoolAccess.ask(settings.load(), SpoolRequests.statusRequest(paths));
        var out = spec.commandLine().getOut();
        if (json) out.println(answer.members().show());
        else new SpoolReport(answer.printable()).status(paths, Terminal.out()).forEach(out::println);
        out.flush();
        return ExitCode.OK;
    }
}
