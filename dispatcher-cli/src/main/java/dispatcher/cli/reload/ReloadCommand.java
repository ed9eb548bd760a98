package dispatcher.cli.reload;

import dispatcher.cli.api.ReloadAnswer;
import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.cli.terminal.UserFacingException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/// `dispatcher reload`: has the running dispatcher read its settings again.
@Command(
        name = "reload",
        description = {
            "Have the running dispatcher read its settings again, and show what that changes. If there is a fault in them,"
                    + " nothing changes, and the exit status is 1.",
            "The dispatcher does the same by itself some seconds after the file has changed, and on SIGHUP."
        },
        mixinStandardHelpOptions = true)
public final class ReloadCommand extends ApiCommand {
    @Override
    public Integer call() {
        var answer = ask();
        var outcome = answer.as(ReloadAnswer.class);
        if (!isJson() && !outcome.reloaded())
            throw new UserFacingException(
                    ReloadOutcome.Refused.WHAT,
                    outcome.why().orElse(""),
                    outcome.next().orElse(""));
        show(answer, () -> lines(answer.printable(ReloadAnswer.class)));
        return outcome.reloaded() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /// What is wrong with the settings is found here already, as they say where the dispatcher can be asked.
    private ApiAnswer ask() {
        try {
            settings();
            return needed(dispatcher().post(ReloadAnswer.PATH, new ReloadAnswer.Request()), "reload the settings");
        } catch (SettingsException e) {
            return ApiAnswer.of(ReloadEndpoint.answer(ReloadOutcome.Refused.of(e)));
        }
    }

    private static List<String> lines(ReloadAnswer answer) {
        var lines = new ArrayList<String>();
        var changes = answer.changes().orElse(List.of());
        lines.add(changes.isEmpty() ? "the settings are read again, and nothing is otherwise" : "settings reloaded:");
        for (var change : changes) lines.add("  " + change);
        var needRestart = answer.needRestart().orElse(List.of());
        if (!needRestart.isEmpty()) lines.add("stays as it was until the dispatcher is started again:");
        for (var key : needRestart) lines.add("  " + key);
        var warnings = answer.warnings().orElse(List.of());
        if (!warnings.isEmpty()) lines.add("not used, or probably not meant:");
        for (var line : warnings) lines.add("  " + new Fault(line.file(), line.line(), line.key(), line.message()));
        return lines;
    }
}
