package dispatcher.cli.history;

import dispatcher.cli.api.ForgetRequest;
import dispatcher.cli.command.ApiCommand;
import dispatcher.nix.attributes.PackageName;
import dispatcher.text.Printable;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/// `dispatcher history forget`: what was learned of a package is wrong from now on.
@Command(
        name = "forget",
        description = {
            "Forget what is known of a package, for all systems.",
            "This is for a change after which its builds take much more or less time. The dispatcher then learns from the"
                    + " next builds as if they were the first."
        },
        mixinStandardHelpOptions = true)
public final class HistoryForgetCommand extends ApiCommand {
    @Parameters(paramLabel = "NAME", converter = HistoryCommand.NameConverter.class, description = "The package.")
    private PackageName name;

    @Override
    public Integer call() {
        var answer = dispatcher()
                .post(ForgetRequest.PATH, new ForgetRequest(name.text()))
                .orElseGet(() -> HistoryAccess.ofDatabase(settings(), history -> history.forget(name)));
        var shown = Printable.line(name.toString());
        show(
                answer,
                () -> List.of(
                        answer.as(ForgetRequest.Answer.class).forgotten()
                                ? "forgot " + shown
                                : "nothing was known of " + shown));
        return ExitCode.OK;
    }
}
