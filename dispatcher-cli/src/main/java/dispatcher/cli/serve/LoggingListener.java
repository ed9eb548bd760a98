package dispatcher.cli.serve;

import dispatcher.cli.ping.CapabilityCheck;
import dispatcher.cli.ping.Problem;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.text.Printable;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Writes what happens to the log: a line for each step of a build that a person should see, the rest for
/// developers.
public final class LoggingListener implements DispatcherListener {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    /// What was wrong with machines when they said last what they are; each is logged once.
    private final Map<String, List<Problem>> contradictions = new ConcurrentHashMap<>();

    @Override
    public void clientConnected(long client, String who) {
        log.atDebug().addKeyValue("client", client).addKeyValue("from", who).log("client connected");
    }

    @Override
    public void clientLeft(long client, String who) {
        log.atDebug().addKeyValue("client", client).addKeyValue("from", who).log("client left");
    }

    @Override
    public void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        log.atDebug()
                .addKeyValue("build", build)
                .addKeyValue("client", client)
                .addKeyValue("drv", drvPath)
                .addKeyValue("system", platform)
                .addKeyValue("features", String.join(",", requiredFeatures))
                .log("build queued");
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        log.atInfo()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("machine", machine)
                .addKeyValue("waited", seconds(waited))
                .addKeyValue("why", reason)
                .log("build assigned");
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        log.atInfo()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("machine", machine)
                .addKeyValue("slow", slow)
                .addKeyValue("why", reason)
                .log("build begun a second time");
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        log.atLevel(paths == 0 ? Level.DEBUG : Level.INFO)
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("machine", machine)
                .addKeyValue("paths", paths)
                .addKeyValue("bytes", bytes)
                .addKeyValue("took", seconds(took))
                .log("inputs copied");
    }

    @Override
    public void inputSentEarly(long client, StorePath path, String machine, long bytes, Duration took) {
        log.atInfo()
                .addKeyValue("client", client)
                .addKeyValue("path", path.name())
                .addKeyValue("machine", machine)
                .addKeyValue("bytes", bytes)
                .addKeyValue("took", seconds(took))
                .log("input sent while it came");
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        var event = log.atInfo()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("machine", machine)
                .addKeyValue("took", seconds(took))
                .addKeyValue("status", status.name().toLowerCase(Locale.ROOT));
        if (status.isSuccess()) event.log("build done");
        else event.addKeyValue("message", firstLine(message)).log("build failed");
    }

    @Override
    public void memoryLacked(long build, StorePath drvPath, String machine, String evidence) {
        log.atWarn()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("machine", machine)
                .addKeyValue("evidence", evidence)
                .log("build ran out of memory");
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        log.atWarn()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("machine", machine)
                .addKeyValue("reason", reason)
                .log("machine lost");
    }

    @Override
    public void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {
        log.atInfo()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("machine", machine)
                .addKeyValue("by", by)
                .addKeyValue("reason", reason)
                .log("build leaves its machine for another one");
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        log.atInfo()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("by", by)
                .addKeyValue("reason", reason)
                .log("build cancelled");
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        log.atWarn()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("reason", Printable.joined(reason))
                .log("build refused");
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        log.atInfo()
                .addKeyValue("build", build)
                .addKeyValue("client", client)
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("status", status.name().toLowerCase(Locale.ROOT))
                .log("build shared with another client");
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        log.atInfo()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .log("build abandoned by its client");
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        log.atInfo()
                .addKeyValue("build", build)
                .addKeyValue("drv", drvPath.derivationName())
                .log("built already, its outputs are on a machine");
    }

    @Override
    public void machineSetAside(String machine, String reason) {
        log.atWarn()
                .addKeyValue("machine", machine)
                .addKeyValue("reason", reason)
                .log("machine set aside");
    }

    @Override
    public void machineBack(String machine, Duration after) {
        log.atInfo()
                .addKeyValue("machine", machine)
                .addKeyValue("after", seconds(after))
                .log("machine back");
    }

    @Override
    public void machineDescribed(Machine machine, MachineDescription said) {
        var now = machine.describedBy(said);
        log.atLevel(machine.unstated().isEmpty() ? Level.DEBUG : Level.INFO)
                .addKeyValue("machine", machine.name())
                .addKeyValue("systems", String.join(",", now.systems()))
                .addKeyValue("maxJobs", now.maxJobs())
                .addKeyValue("nix", said.nixVersion().orElse("?"))
                .log("machine described");
        var problems = CapabilityCheck.problems(machine, said, said.trusted());
        var before = contradictions.put(machine.name(), problems);
        for (var problem : problems)
            if (before == null || !before.contains(problem))
                log.atWarn()
                        .addKeyValue("machine", machine.name())
                        .addKeyValue("why", problem.why())
                        .addKeyValue("next", problem.next())
                        .log("machine: {}", problem.verdict());
    }

    @Override
    public void machineNotDescribed(String machine, String reason) {
        log.atWarn()
                .addKeyValue("machine", machine)
                .addKeyValue("why", reason)
                .log("machine not yet described, and gets no builds");
    }

    @Override
    public void machineUnderPressure(String machine, String why) {
        log.atWarn().addKeyValue("machine", machine).addKeyValue("why", why).log("machine gets no more builds for now");
    }

    @Override
    public void machineHasRoom(String machine) {
        log.atInfo().addKeyValue("machine", machine).log("machine has room again");
    }

    @Override
    public void machineRefuses(String machine, String need, String reason, Duration until) {
        log.atWarn()
                .addKeyValue("machine", machine)
                .addKeyValue("need", need)
                .addKeyValue("reason", reason)
                .addKeyValue("until", seconds(until))
                .log("machine refuses builds, which go to others for now");
    }

    @Override
    public void machineRefusesNoLonger(String machine, String need) {
        log.atInfo()
                .addKeyValue("machine", machine)
                .addKeyValue("need", need)
                .log("machine takes builds again that it had refused");
    }

    @Override
    public void outputLost(long client, StorePath path, String reason) {
        log.atWarn()
                .addKeyValue("client", client)
                .addKeyValue("path", path)
                .addKeyValue("reason", reason)
                .log("output lost with its machine, building it again");
    }

    @Override
    public void hostStoreFailed(String reason) {
        log.atWarn().addKeyValue("reason", reason).log("the host's Nix store cannot be read");
    }

    @Override
    public void outputSent(long client, StorePath path, String from, long bytes, Duration took) {
        log.atDebug()
                .addKeyValue("client", client)
                .addKeyValue("path", path)
                .addKeyValue("from", from)
                .addKeyValue("bytes", bytes)
                .addKeyValue("took", seconds(took))
                .log("output sent");
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.3fs", duration.toNanos() / 1e9);
    }
}
