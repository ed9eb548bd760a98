package dispatcher.build.request;

import dispatcher.event.DispatcherListener;
import dispatcher.history.History;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.schedule.BuildQueue;
import java.time.Duration;

/// Passes on to the queue what the history has learned of a machine, after each event that may have taught it
/// something. Must get its events after the history.
public final class LearningListener implements DispatcherListener {
    private final BuildQueue queue;
    private final History history;

    public LearningListener(BuildQueue queue, History history) {
        this.queue = queue;
        this.history = history;
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        if (bytes > 0) learn(machine);
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        if (status == BuildStatus.BUILT) learn(machine);
    }

    /// Of a machine that an earlier process knew, or that the settings have changed.
    public void learn(String machine) {
        double speed = history.effectiveSpeed(machine);
        double bandwidth = history.bandwidth(machine);
        queue.learn(machine, facts -> facts.withSpeed(speed).withBandwidth(bandwidth));
    }
}
