package dispatcher.cli.web;

import dispatcher.event.DispatcherListener;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.util.SortedSet;

/// Notes what happens to builds and machines. Costs as good as nothing while no browser looks.
public record ChangeListener(Changes changes) implements DispatcherListener {
    @Override
    public void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        changes.note();
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        changes.note();
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        changes.note();
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        changes.note();
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        changes.note();
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        changes.note();
    }

    @Override
    public void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {
        changes.note();
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        changes.note();
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        changes.note();
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        changes.note();
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        changes.note();
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        changes.note();
    }

    @Override
    public void machineSetAside(String machine, String reason) {
        changes.note();
    }

    @Override
    public void machineBack(String machine, Duration after) {
        changes.note();
    }

    @Override
    public void machineUnderPressure(String machine, String why) {
        changes.note();
    }

    @Override
    public void machineHasRoom(String machine) {
        changes.note();
    }

    @Override
    public void machineRefuses(String machine, String need, String reason, Duration until) {
        changes.note();
    }

    @Override
    public void machineRefusesNoLonger(String machine, String need) {
        changes.note();
    }

    @Override
    public void machineDescribed(Machine machine, MachineDescription said) {
        changes.note();
    }

    @Override
    public void machineNotDescribed(String machine, String reason) {
        changes.note();
    }
}
