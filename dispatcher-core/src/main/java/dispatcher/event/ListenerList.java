package dispatcher.event;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Several listeners as one. Each gets every event, in order. A listener should not throw: if one does, the log says
/// so, and the others get the event all the same.
public final class ListenerList implements DispatcherListener {
    private static final Logger log = LoggerFactory.getLogger(ListenerList.class);

    private final List<DispatcherListener> listeners;

    public ListenerList(DispatcherListener... listeners) {
        this.listeners = List.of(listeners);
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        publish(listener -> listener.buildFound(build, drvPath));
    }

    @Override
    public void outputLost(long client, StorePath path, String reason) {
        publish(listener -> listener.outputLost(client, path, reason));
    }

    @Override
    public void machineSetAside(String machine, String reason) {
        publish(listener -> listener.machineSetAside(machine, reason));
    }

    @Override
    public void machineBack(String machine, Duration after) {
        publish(listener -> listener.machineBack(machine, after));
    }

    @Override
    public void machineUnderPressure(String machine, String why) {
        publish(listener -> listener.machineUnderPressure(machine, why));
    }

    @Override
    public void machineHasRoom(String machine) {
        publish(listener -> listener.machineHasRoom(machine));
    }

    @Override
    public void machineRefuses(String machine, String need, String reason, Duration until) {
        publish(listener -> listener.machineRefuses(machine, need, reason, until));
    }

    @Override
    public void machineRefusesNoLonger(String machine, String need) {
        publish(listener -> listener.machineRefusesNoLonger(machine, need));
    }

    private void publish(Consumer<DispatcherListener> event) {
        for (var listener : listeners) {
            try {
                event.accept(listener);
            } catch (RuntimeException e) {
                log.atError()
                        .addKeyValue("listener", listener.getClass().getSimpleName())
                        .setCause(e)
                        .log("bug: a listener failed");
            }
        }
    }

    @Override
    public void clientConnected(long client, String who) {
        publish(listener -> listener.clientConnected(client, who));
    }

    @Override
    public void clientLeft(long client, String who) {
        publish(listener -> listener.clientLeft(client, who));
    }

    @Override
    public void buildRequested(long build, long client, StorePath drvPath, BasicDerivation derivation) {
        publish(listener -> listener.buildRequested(build, client, drvPath, derivation));
    }

    @Override
    public void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        publish(listener -> listener.buildQueued(build, client, drvPath, platform, requiredFeatures));
    }

    @Override
    public void buildAlone(long build, StorePath drvPath, Duration waited) {
        publish(listener -> listener.buildAlone(build, drvPath, waited));
    }

    @Override
    public void buildHeldUp(long build, StorePath drvPath, Duration took) {
        publish(listener -> listener.buildHeldUp(build, drvPath, took));
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        publish(listener -> listener.buildAssigned(build, drvPath, machine, reason, waited));
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        publish(listener -> listener.buildDoubled(build, drvPath, machine, slow, reason));
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        publish(listener -> listener.inputsCopied(build, drvPath, machine, paths, bytes, took));
    }

    @Override
    public void inputSentEarly(long client, StorePath path, String machine, long bytes, Duration took) {
        publish(listener -> listener.inputSentEarly(client, path, machine, bytes, took));
    }

    @Override
    public void memoryMeasured(long build, StorePath drvPath, String machine, long peakBytes) {
        publish(listener -> listener.memoryMeasured(build, drvPath, machine, peakBytes));
    }

    @Override
    public void memoryLacked(long build, StorePath drvPath, String machine, String evidence) {
        publish(listener -> listener.memoryLacked(build, drvPath, machine, evidence));
    }

    @Override
    public void outputsMade(long build, StorePath drvPath, String machine, Map<StorePath, Long> outputs) {
        publish(listener -> listener.outputsMade(build, drvPath, machine, outputs));
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        publish(listener -> listener.buildEnded(build, drvPath, machine, status, message, took));
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        publish(listener -> listener.buildLost(build, drvPath, machine, reason));
    }

    @Override
    public void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {
        publish(listener -> listener.buildMoved(build, drvPath, machine, by, reason));
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        publish(listener -> listener.buildCancelled(build, drvPath, by, reason));
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        publish(listener -> listener.buildRefused(build, drvPath, reason));
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        publish(listener -> listener.buildShared(build, client, drvPath, status, message));
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        publish(listener -> listener.buildAbandoned(build, drvPath));
    }

    @Override
    public void machineDescribed(Machine machine, MachineDescription said) {
        publish(listener -> listener.machineDescribed(machine, said));
    }

    @Override
    public void machineNotDescribed(String machine, String reason) {
        publish(listener -> listener.machineNotDescribed(machine, reason));
    }

    @Override
    public void hostStoreFailed(String reason) {
        publish(listener -> listener.hostStoreFailed(reason));
    }

    @Override
    public void outputSent(long client, StorePath path, String from, long bytes, Duration took) {
        publish(listener -> listener.outputSent(client, path, from, bytes, took));
    }

    @Override
    public void outputFailed(long client, StorePath path, String from, String reason) {
        publish(listener -> listener.outputFailed(client, path, from, reason));
    }
}
