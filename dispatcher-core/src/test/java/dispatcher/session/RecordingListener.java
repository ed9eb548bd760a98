package dispatcher.session;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.event.DispatcherListener;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Writes down what happens, a line for each event, with the names of paths and machines.
public final class RecordingListener implements DispatcherListener {
    private static final List<String> ENDS = List.of("ended", "refused", "cancelled", "shared", "found", "abandoned");

    private final List<String> all = new CopyOnWriteArrayList<>();
    private final Map<Long, List<String>> builds = new ConcurrentHashMap<>();
    private final Map<String, Duration> took = new ConcurrentHashMap<>();

    public List<String> all() {
        return all;
    }

    /// What a build took where it ended.
    public Duration took(String name) {
        return requireNonNull(took.get(name), name);
    }

    public List<String> starting(String with) {
        return all.stream().filter(event -> event.startsWith(with)).toList();
    }

    /// Each build is queued first, and has one event that is its last.
    void requireWholeStories() {
        builds.forEach((build, events) -> {
            assertThat(events).as("build %d", build).first().isEqualTo("queued");
            assertThat(events).as("build %d", build).last().isIn(ENDS);
            assertThat(events.subList(0, events.size() - 1))
                    .as("build %d", build)
                    .doesNotContainAnyElementsOf(ENDS);
        });
    }

    private void add(long build, String what, StorePath drvPath, Object... more) {
        builds.computeIfAbsent(build, _ -> new CopyOnWriteArrayList<>()).add(what);
        var words = new ArrayList<String>();
        words.add(what);
        words.add(drvPath.derivationName());
        for (var word : more) words.add(word.toString());
        all.add(String.join(" ", words));
    }

    @Override
    public void clientConnected(long client, String who) {
        all.add("connected " + who);
    }

    @Override
    public void clientLeft(long client, String who) {
        all.add("left " + who);
    }

    @Override
    public void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        add(build, "queued", drvPath);
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        add(build, "assigned", drvPath, machine);
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        add(build, "doubled", drvPath, machine, slow);
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        add(build, "copied", drvPath, machine, paths);
    }

    @Override
    public void inputSentEarly(long client, StorePath path, String machine, long bytes, Duration took) {
        all.add("early %s %s".formatted(path.name(), machine));
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        this.took.put(drvPath.derivationName(), took);
        add(build, "ended", drvPath, machine, status);
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        add(build, "lost", drvPath, machine, reason);
    }

    @Override
    public void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {
        add(build, "moved", drvPath, machine, by, reason);
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        add(build, "cancelled", drvPath, by, reason);
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        add(build, "refused", drvPath, reason);
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        add(build, "shared", drvPath);
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        add(build, "found", drvPath);
    }

    @Override
    public void outputLost(long client, StorePath path, String reason) {
        all.add("output lost " + path.name());
    }

    @Override
    public void machineSetAside(String machine, String reason) {
        all.add("aside " + machine);
    }

    @Override
    public void machineBack(String machine, Duration after) {
        all.add("back " + machine);
    }

    @Override
    public void machineUnderPressure(String machine, String why) {
        all.add("pressure %s: %s".formatted(machine, why));
    }

    @Override
    public void machineHasRoom(String machine) {
        all.add("room " + machine);
    }

    @Override
    public void machineRefuses(String machine, String need, String reason, Duration until) {
        all.add("refuses %s %s for %d min: %s".formatted(machine, need, until.toMinutes(), reason));
    }

    @Override
    public void machineRefusesNoLonger(String machine, String need) {
        all.add("refuses no longer %s %s".formatted(machine, need));
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        add(build, "abandoned", drvPath);
    }

    @Override
    public void hostStoreFailed(String reason) {
        all.add("host failed " + reason);
    }

    @Override
    public void outputSent(long client, StorePath path, String from, long bytes, Duration took) {
        all.add("sent %s %s".formatted(path.name(), from));
    }

    @Override
    public void outputFailed(long client, StorePath path, String from, String reason) {
        all.add("failed %s %s".formatted(path.name(), from));
    }
}
