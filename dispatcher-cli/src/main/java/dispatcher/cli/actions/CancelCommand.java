package dispatcher.cli.actions;

import dispatcher.cli.api.action.BuildAction;
import picocli.CommandLine.Command;

/// `dispatcher cancel`: ends a build for all its clients.
@Command(
        name = "cancel",
        description = {
            "End a build that waits or runs, for all clients that want it; they get who ended it and why. It is no failure of"
                    + " the build or of a machine."
        },
        mixinStandardHelpOptions = true)
public final class CancelCommand extends BuildActionCommand {
    public CancelCommand() {
        super(BuildAction.CANCEL_PATH, "cancel");
    }

    @Override
    String line(BuildAction.Answer answer) {
        return answer.drv() + " is cancelled";
    }
}
