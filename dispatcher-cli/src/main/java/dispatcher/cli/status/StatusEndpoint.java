package dispatcher.cli.status;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.api.StatusAnswer.Trouble;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.QueuePosition;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The state of the running dispatcher in a few figures, as the API has it.
///
/// @param machines as the API has them
/// @param clock    the queue's
public record StatusEndpoint(
        BuildQueue queue, Supplier<List<MachineAnswer>> machines, BuildRecorder records, InstantSource clock) {
    private static final Logger log = LoggerFactory.getLogger(StatusEndpoint.class);
    private static final Duration LATELY = Duration.ofHours(1);

    public Endpoint endpoint() {
        return Endpoint.get(StatusAnswer.PATH, _ -> answer());
    }

    private StatusAnswer answer() {
        var all = machines.get();
        var waiting = queue.snapshot().waiting();
        var ready = all.stream().filter(StatusEndpoint::isReady).toList();
        var now = clock.instant();
        return new StatusAnswer(
                now,
                new StatusAnswer.Machines(ready.size(), all.size()),
                ready.stream().mapToLong(MachineAnswer::slots).sum(),
                all.stream().mapToLong(MachineAnswer::slotsTaken).sum(),
                waiting.size(),
                oldest(waiting),
                ended(now.minus(LATELY)),
                troubles(all));
    }

    private static boolean isReady(MachineAnswer machine) {
        return machine.state().equals("ready");
    }

    /// Whether its pool does not need it now, which is no trouble.
    private static boolean isNotNeeded(MachineAnswer machine) {
        return machine.state().equals("under-pressure")
                && machine.onDemand()
                        .filter(power -> power.stopping() || power.state().equals("off"))
                        .isPresent();
    }

    private static Optional<Instant> oldest(List<QueuePosition> waiting) {
        return waiting.stream().map(position -> position.build().since()).min(Instant::compareTo);
    }

    /// None if that cannot be read: all else counts more.
    private StatusAnswer.Ended ended(Instant since) {
        Map<Outcome, Long> counts = Map.of();
        try {
            counts = records.count(since);
        } catch (IOException e) {
            log.atWarn().addKeyValue("why", e.getMessage()).log("records of builds cannot be counted");
        }
        return new StatusAnswer.Ended(
                counts.getOrDefault(Outcome.BUILT, 0L),
                counts.getOrDefault(Outcome.FAILED, 0L),
                counts.getOrDefault(Outcome.REFUSED, 0L));
    }

    private static List<Trouble> troubles(List<MachineAnswer> machines) {
        var troubles = new ArrayList<Trouble>();
        for (var machine : machines) {
            if (!isReady(machine) && !isNotNeeded(machine))
                troubles.add(new Trouble(
                        machine.name(), machine.state(), machine.reason().orElse(""), next(machine)));
            for (var refusal : machine.refuses())
                troubles.add(new Trouble(
                        machine.name(),
                        "refuses " + refusal.need(),
                        refusal.reason(),
                        "change that setting of its Nix, or what the settings here say of it"));
            machine.onDemand()
                    .flatMap(MachineAnswer.OnDemand::problem)
                    .ifPresent(problem -> troubles.add(new Trouble(
                            machine.name(),
                            "cannot be started or stopped",
                            problem,
                            "`dispatcher machine logs %s`".formatted(machine.name()))));
        }
        return troubles;
    }

    private static String next(MachineAnswer machine) {
        return switch (machine.state()) {
            case "set-aside", "on-trial" ->
                "`dispatcher ping %s` looks now; it is tried again by itself".formatted(machine.name());
            case "drained" -> "`dispatcher resume %s`".formatted(machine.name());
            case "undescribed" -> "`dispatcher ping %s`, or write `systems` into its entry".formatted(machine.name());
            case "removed" -> "nothing: it goes when its builds have ended";
            default -> "it gets builds again by itself when that is over";
        };
    }
}
