package dispatcher.cli.actions;

import dispatcher.cli.api.action.BuildAction;
import picocli.CommandLine.Command;

/// `dispatcher raise`: puts a build first in the queue.
@Command(
        name = "raise",
        description = {
            "Put a build that waits before all others that wait, but for those that have lost patience (schedule.firstAfterWaiting)."
        },
        mixinStandardHelpOptions = true)
public final class RaiseCommand extends BuildActionCommand {
    public RaiseCommand() {
        super(BuildAction.RAISE_PATH, "raise");
    }

    @Override
    String line(BuildAction.Answer answer) {
        return answer.drv() + " goes first";
    }
}
