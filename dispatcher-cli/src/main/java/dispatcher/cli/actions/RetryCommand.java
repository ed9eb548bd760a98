package dispatcher.cli.actions;

import dispatcher.cli.api.action.BuildAction;
import picocli.CommandLine.Command;

/// `dispatcher retry`: has a build begin on another machine.
@Command(
        name = "retry",
        description = {
            "Stop a build where it runs, and have it begin on another machine; its clients go on waiting. If no other machine can"
                    + " take it, it begins on the same one again."
        },
        mixinStandardHelpOptions = true)
public final class RetryCommand extends BuildActionCommand {
    public RetryCommand() {
        super(BuildAction.RETRY_PATH, "retry");
    }

    @Override
    String line(BuildAction.Answer answer) {
        return "%s leaves %s".formatted(answer.drv(), String.join(", ", answer.machines()));
    }
}
