package dispatcher.dispatch;

import dispatcher.build.log.ClientLog;
import dispatcher.build.log.DetachableBuild;
import dispatcher.build.log.WaitingNotes;
import dispatcher.build.recovery.Refusals;
import dispatcher.dispatch.AttemptLostException.Kind;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.protocol.Failures;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.SourceFailedException;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The life of one build: wait for an equal one and for a slot, copy what the machine lacks, build, and go elsewhere
/// if
/// the machine is lost.
///
/// Used once, by the client's thread, which alone writes to the client.
final class BuildRun {
    private final FleetStore fleet;
    private final FleetSession session;
    private final long clientNumber;
    private final StorePath drvPath;
    private final BasicDerivation derivation;
    private final BuildOptions options;
    private final long number;
    private final BuildLog client;
    /// Of all clients that want it, once it is this build's turn; see `BroadcastLog`.
    private BuildLog log = BuildLog.NONE;

    private final AttemptHistory losses;
    private final Askers.Asking asking;

    /// Once its derivation has been read.
    private BuildJob job;

    /// Machines that said to have built a fixed output and did not have it, and what they said.
    private final Map<MachineLink, String> claims = new LinkedHashMap<>();

    private boolean found;
    /// Whether it has been begun on two machines at once.
    private boolean doubled;
    private long queuedAt;
    /// Written by the build's thread, read by the client's thread once that has ended.
    private boolean ended;

    BuildRun(
            FleetStore fleet,
            FleetSession session,
            long clientNumber,
            StorePath drvPath,
            BasicDerivation derivation,
            BuildOptions options,
            BuildLog client) {
        this.fleet = fleet;
        this.session = session;
        this.clientNumber = clientNumber;
        this.drvPath = drvPath;
        this.derivation = derivation;
        this.options = options;
        this.client = client;
        this.losses = new AttemptHistory(drvPath, fleet.limits().maxAttempts());
        this.number = fleet.nextBuild();
        this.asking = fleet.askers().ask(drvPath, session.client());
        this.job = new BuildJob(fleet, number, drvPath, derivation, options, asking, Refusals.Needs.NONE);
    }

    /// Returns the result that the client is told; a machine's fault is only told when no machine is left.
    BuildResult run() throws InterruptedException {
        try (asking) {
            return runAsked();
        }
    }

    private BuildResult runAsked() throws InterruptedException {
        BuildRequest request;
        try {
            request = fleet.request(drvPath, derivation, session.client());
            job = new BuildJob(fleet, number, drvPath, derivation, options, asking, Refusals.Needs.of(derivation));
        } catch (NixSyntaxException e) {
            return BuildResult.of(
                    BuildStatus.INPUT_REJECTED,
                    "%s has attributes that cannot be read: %s".formatted(drvPath, e.getMessage()));
        }
        fleet.listener().buildRequested(number, clientNumber, drvPath, derivation);
        queued(request);
        var objection = session.client().grant().objection(request.platform(), request.requiredFeatures());
        if (objection.isPresent()) return refuseClient(objection.get());
        fleet.foresight().asked(session.client(), request);
        try (var clientLog = new ClientLog(client)) {
            var result = runInTurn(request, clientLog);
            clientLog.writeRest();
            return result;
        } catch (InterruptedException | RuntimeException | Error e) {
            if (!ended) fleet.listener().buildAbandoned(number, drvPath);
            throw e;
        }
    }

    private BuildResult runInTurn(BuildRequest request, ClientLog clientLog) throws InterruptedException {
        var askedBack = machineThatAsksBack();
        if (askedBack.isPresent()) return refuseToWait(askedBack.get());
        try (var turn = fleet.equalBuilds().await(drvPath, derivation, clientLog, this::tellThatItWaits)) {
            var earlier = turn.earlier();
            if (earlier.isPresent() && holdsHere(earlier.get())) {
                fleet.listener().buildShared(number, clientNumber, drvPath);
                return earlier.get();
            }
            if (isBuiltAlready()) {
                found = true;
                fleet.listener().buildFound(number, drvPath);
                return BuildResult.of(BuildStatus.ALREADY_VALID, "");
            }
            log = turn.log();
            boolean keep = session.client().grant().keepBuilding();
            return DetachableBuild.run(
                    drvPath.derivationName(),
                    clientLog,
                    () -> runShared(request, turn),
                    () -> keep || turn.isWantedByOthers(),
                    turn::clientLeft);
        }
    }

    /// A machine that builds this and is where the client asks for it: neither would ever end if one waited for
    /// the other.
    private Optional<String> machineThatAsksBack() throws InterruptedException {
        for (var link : asking.running()) {
            if (!link.isHomeOf(session.client())) continue;
            asking.asksBack(link);
            return Optional.of(link.machine().name());
        }
        return Optional.empty();
    }

    private BuildResult refuseToWait(String machine) {
        return refuse(
                "%s was not built: machine %s asks for it, which is building it for this dispatcher; take the dispatcher out of 'builders' in the nix.conf of %s"
                        .formatted(drvPath, machine, machine));
    }

    /// Whether nothing was built, as machines had all outputs.
    boolean wasFound() {
        return found;
    }

    private void queued(BuildRequest request) {
        queuedAt = fleet.nanoTime();
        fleet.listener().buildQueued(number, clientNumber, drvPath, request.platform(), request.requiredFeatures());
    }

    /// The turn ends with the build, as its client may take long to read the rest of the log.
    private BuildResult runShared(BuildRequest request, EqualBuilds.Turn turn) throws InterruptedException {
        try (turn) {
            var result = runSomewhere(request);
            ended = true;
            if (isTrueForAll(result)) turn.share(result);
            return result;
        }
    }

    private void tellThatItWaits() {
        client.note("dispatcher: %s is being built for another client; waiting for that".formatted(drvPath));
        client.flush();
    }

    /// Whether another client who asks for the same build may be told the same.
    private boolean isTrueForAll(BuildResult result) {
        if (options.mode() != BuildMode.NORMAL) return false;
        return result.isSuccess() || result.status() == BuildStatus.PERMANENT_FAILURE;
    }

    /// Whether what an equal build came to will do for this client, who must be able to fetch what came out.
    private boolean holdsHere(BuildResult result) throws InterruptedException {
        if (options.mode() != BuildMode.NORMAL) return false;
        if (!result.isSuccess()) return true;
        var outputs = Recipe.outputs(derivation, result);
        session.isBuilt(outputs);
        try {
            return session.queryValidPaths(outputs, false).containsAll(outputs);
        } catch (IOException e) {
            Interruption.rethrow(e);
            return false;
        }
    }

    /// Whether some machine is known to hold all outputs, from an earlier build or an earlier life of us, and
    /// still has them.
    private boolean isBuiltAlready() throws InterruptedException {
        if (options.mode() != BuildMode.NORMAL) return false;
        var outputs = new ArrayList<StorePath>();
        for (var output : derivation.outputs().values()) {
            if (output.path().isEmpty()) return false;
            outputs.add(output.path().get());
        }
        return session.isOnMachines(outputs);
    }

    private BuildResult runSomewhere(BuildRequest request) throws InterruptedException {
        var since = fleet.now();
        int sourcesLost = 0;
        avoidHome(request);
        while (true) {
            switch (await(request, since)) {
                case BuildQueue.Outcome.NoMachine(var reasons) -> {
                    return refuse(request, reasons);
                }
                case BuildQueue.Outcome.Assigned(var assignment) -> {
                    if (hasRefused(assignment.machine().name(), request)) {
                        assignment.close();
                        break;
                    }
                    var place = reach(assignment);
                    // Else it is not in the settings any more, and the queue has not been told yet.
                    if (place.isEmpty()) break;
                    var machine = place.get().machine();
                    try (var there = place.get()) {
                        var waited = Duration.ofNanos(fleet.nanoTime() - queuedAt);
                        fleet.listener().buildAssigned(number, drvPath, machine, assignment.reason(), waited);
                        log.assigned(machine, assignment.reason());
                        var result = buildAt(there, request);
                        if (result.isPresent()) return result.get();
                    } catch (SourceFailedException e) {
                        var reason = Failures.describe(e);
                        if (++sourcesLost >= fleet.limits().maxAttempts()) return refuse(reason);
                        fleet.listener().buildLost(number, drvPath, machine, reason);
                        if (!session.recover(e.paths(), reason)) return refuse(reason);
                    }
                }
            }
            if (losses.exhausted()) return giveUp();
            queued(request);
        }
    }

    /// The client's own host is no machine for its builds; see `HomeCheck`. Machines without a connection are
    /// looked at once they have one.
    private void avoidHome(BuildRequest request) throws InterruptedException {
        var fitting = fleet.fitting(request);
        for (var link : fleet.links())
            if (fitting.contains(link.machine().name()) && link.isHomeOf(session.client()))
                losses.add(
                        link.machine().name(),
                        new AttemptLostException(Kind.HOME, Attempt.atHome(session.client())),
                        0);
    }

    /// Whether a machine has refused such builds since this one began to wait for it, and another is there.
    private boolean hasRefused(String machine, BuildRequest request) {
        return !fleet.refusals().mayAsk(machine, job.needs())
                && excluded(request).contains(machine);
    }

    /// Machines that it must not go to next.
    private Set<String> excluded(BuildRequest request) {
        var usable = fleet.usable(request);
        return fleet.refusals().excluding(job.needs(), usable, losses.excluded(usable));
    }

    /// The way to a machine where it has a slot; empty, and the slot given back, if there is none.
    private Optional<LeasedMachine> reach(BuildQueue.Assignment slot) {
        var use = fleet.use(slot.machine().name());
        if (use.isEmpty()) slot.close();
        return use.map(way -> new LeasedMachine(slot, way));
    }

    /// Empty if it was lost there.
    private Optional<BuildResult> buildAt(LeasedMachine place, BuildRequest request)
            throws SourceFailedException, InterruptedException {
        var stragglers = fleet.limits().stragglers();
        if (!doubled && stragglers.mayBe(derivation, options, request.work())) {
            try (var race = new SpeculativeBuild(job, session, place, log, stragglers, new Course(place, request))) {
                return race.run().map(this::take);
            }
        }
        try {
            return Optional.of(take(new Attempt(job, session, place.link(), log).run()));
        } catch (AttemptLostException e) {
            lose(place.link(), e);
            return Optional.empty();
        }
    }

    private BuildResult take(AttemptResult built) {
        // What the machine has of a fixed output that others did not: they cannot have built it, as they said.
        if (built.result().isSuccess())
            claims.forEach((link, reason) -> fleet.recovery().lied(link, reason));
        return built.take(session);
    }

    private final class Course implements SpeculativeBuild.Course {
        private final LeasedMachine first;
        private final BuildRequest request;

        Course(LeasedMachine first, BuildRequest request) {
            this.first = first;
            this.request = request;
        }

        @Override
        public Optional<LeasedMachine> second() {
            var excluded = excluded(request);
            var second = fleet.queue()
                    .trySpare(
                            first.slot(),
                            excluded,
                            fleet.locating(derivation.inputSources()).get())
                    .flatMap(BuildRun.this::reach);
            doubled |= second.isPresent();
            return second;
        }

        @Override
        public void lost(MachineLink link, AttemptLostException loss) {
            lose(link, loss);
        }
    }

    /// Waits for a machine, but not for ever for machines that are all away.
    private BuildQueue.Outcome await(BuildRequest request, Instant since) throws InterruptedException {
        var inputs = fleet.locating(derivation.inputSources());
        while (true) {
            var excluded = excluded(request);
            var ticket = fleet.queue().submit(request, excluded, since, inputs);
            try (var _ = fleet.recovery().waiting(ticket, excluded)) {
                var outcome = WaitingNotes.await(ticket, log);
                if (outcome instanceof BuildQueue.Outcome.Assigned || fleet.isDraining() || !maySubmit(request))
                    return outcome;
            }
        }
    }

    /// Whether there is a machine for it by now, if only one that was to be avoided as long as there were others.
    private boolean maySubmit(BuildRequest request) {
        var usable = fleet.usable(request);
        return !losses.excluded(usable).containsAll(usable);
    }

    private void lose(MachineLink link, AttemptLostException loss) {
        var machine = link.machine().name();
        losses.add(machine, loss, fleet.recovery().failuresLately(machine));
        if (loss.kind() == Kind.CLAIMED) claims.put(link, loss.reason());
        if (loss.kind() == Kind.OUT_OF_MEMORY) losses.ruleOut(fleet.noLargerThan(link));
        fleet.listener().buildLost(number, drvPath, machine, loss.reason());
        // What machines the operator should set up otherwise is no news for clients while there are others.
        if (loss.kind() == Kind.UNFIT || loss.kind() == Kind.HOME) return;
        log.note(AttemptHistory.note(drvPath, machine, loss));
        log.flush();
    }

    private BuildResult refuse(BuildRequest request, Map<String, String> reasons) {
        if (fleet.isDraining())
            return refuse("the dispatcher is being stopped and takes no new builds; ask again when it is back");
        if (!losses.isEmpty()) return giveUp();
        if (!fleet.fitting(request).isEmpty()) return refuse(noneIsThere(reasons));
        var words = new StringBuilder("no machine can build %s for %s".formatted(drvPath, request.platform()));
        if (!request.requiredFeatures().isEmpty())
            words.append(" with the features ").append(String.join(", ", request.requiredFeatures()));
        reasons.forEach((machine, reason) ->
                words.append("\n  ").append(machine).append(": ").append(reason));
        fleet.listener().buildRefused(number, drvPath, words.toString());
        return BuildResult.of(BuildStatus.MISC_FAILURE, words.toString());
    }

    private String noneIsThere(Map<String, String> reasons) {
        var words =
                new StringBuilder("%s could not be built, as no machine for it is there; this is no fault of the build:"
                        .formatted(drvPath));
        reasons.forEach((machine, reason) ->
                words.append("\n  ").append(machine).append(": ").append(reason));
        return words.toString();
    }

    private BuildResult giveUp() {
        var verdict = losses.verdict();
        fleet.listener().buildRefused(number, drvPath, verdict.message());
        return verdict;
    }

    private BuildResult refuseClient(String objection) {
        fleet.listener().buildRefused(number, drvPath, "%s: %s".formatted(session.client(), objection));
        return BuildResult.of(BuildStatus.MISC_FAILURE, objection);
    }

    private BuildResult refuse(String reason) {
        fleet.listener().buildRefused(number, drvPath, reason);
        return BuildResult.of(BuildStatus.TRANSIENT_FAILURE, reason);
    }
}
