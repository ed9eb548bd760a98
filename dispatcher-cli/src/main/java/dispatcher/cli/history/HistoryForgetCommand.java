package dispatcher.cli.history;

import dispatcher.cli.settings.SettingsOption;
import dispatcher.nix.attributes.PackageName;
import dispatcher.text.Printable;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `dispatcher history forget`: what was learned of a package is wrong from now on.
@Command(
        name = "forget",
        description = {
            "Forget what is known of a package, for all systems: after a change that makes its builds take something",
            "else altogether. The next builds are learned from as if they were the first."
        },
        mixinStandardHelpOptions = true)
public final class HistoryForgetCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private HistoryCommand parent;

    @Mixin
    private SettingsOption settings;

    @Parameters(paramLabel = "NAME", converter = HistoryCommand.NameConverter.class, description = "The package.")
    private PackageName name;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws IOException, InterruptedException {
        var loaded = settings.or(parent.settings()).load();
        var answer = HistoryAccess.ask(loaded, HistoryRequests.forgetRequest(name));
        var out = spec.commandLine().getOut();
        if (json || parent.json()) out.println(answer.members().show());
        else if (answer.flag("forgotten")) out.println("forgot " + Printable.line(name.toString()));
        else out.println("nothing was known of " + Printable.line(name.toString()));
        out.flush();
        return ExitCode.OK;
    }
}
