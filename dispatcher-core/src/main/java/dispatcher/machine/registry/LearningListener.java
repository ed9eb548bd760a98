package dispatcher.machine.registry;

import dispatcher.event.DispatcherListener;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import java.time.Duration;

/// Sees to it that what the history has learned of a machine counts, whenever something may have been learned of it.
/// Gets events after the history has them.
final class LearningListener implements DispatcherListener {
    private final RegisteredMachines machines;

    LearningListener(RegisteredMachines machines) {
        this.machines = machines;
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        if (bytes > 0) machines.learn(machine);
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        if (status == BuildStatus.BUILT) machines.learn(machine);
    }
}
