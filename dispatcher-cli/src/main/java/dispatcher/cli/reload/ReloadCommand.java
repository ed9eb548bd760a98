package dispatcher.cli.reload;

import dispatcher.cli.control.ControlClient;
import dispatcher.cli.control.Fields;
import dispatcher.cli.settings.SettingsException;
import dispatcher.cli.settings.SettingsOption;
import dispatcher.cli.terminal.UserFacingException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `dispatcher reload`: has the running dispatcher read its settings again.
@Command(
        name = "reload",
        description = {
            "Have the running dispatcher read its settings again, and show what that changes. If there is a fault in them,"
                    + " nothing changes, and the exit status is 1.",
            "The dispatcher does the same by itself some seconds after the file has changed, and on SIGHUP."
        },
        mixinStandardHelpOptions = true)
public final class ReloadCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        var answer = ask();
        boolean reloaded = answer.flag("reloaded");
        if (!json && !reloaded)
            throw new UserFacingException(ReloadOutcome.Refused.WHAT, answer.text("why"), answer.text("next"));
        var out = spec.commandLine().getOut();
        if (json) out.println(answer.members().show());
        else lines(answer.printable()).forEach(out::println);
        out.flush();
        return reloaded ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /// What is wrong with the settings is found here already, as they say where the dispatcher can be asked.
    private Fields ask() {
        try {
            var socket = settings.load().controlSocket();
            return ControlClient.ask(socket, ReloadRequests.request())
                    .orElseThrow(() -> new UserFacingException(
                            "cannot reload the settings: no dispatcher runs",
                            "nobody answers at " + socket,
                            "start one with `dispatcher serve`, or name the settings that it runs with (--config)"));
        } catch (SettingsException e) {
            return new Fields(ReloadRequests.answer(ReloadOutcome.Refused.of(e)));
        }
    }

    private static List<String> lines(Fields answer) {
        var lines = new ArrayList<String>();
        var changes = answer.texts("changes");
        lines.add(changes.isEmpty() ? "the settings are read again, and nothing is otherwise" : "settings reloaded:");
        for (var change : changes) lines.add("  " + change);
        var needRestart = answer.texts("needRestart");
        if (!needRestart.isEmpty()) lines.add("stays as it was until the dispatcher is started again:");
        for (var key : needRestart) lines.add("  " + key);
        var warnings = answer.objects("warnings");
        if (!warnings.isEmpty()) lines.add("not used, or probably not meant:");
        for (var warning : warnings) lines.add("  " + ReloadRequests.fault(warning));
        return lines;
    }
}
