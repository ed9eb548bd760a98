package dispatcher.build;

import dispatcher.build.control.BuildControl;
import dispatcher.build.control.Intervention;
import dispatcher.build.failure.AttemptHistory;
import dispatcher.build.failure.AttemptLostException;
import dispatcher.build.failure.AttemptLostException.Kind;
import dispatcher.build.log.ClientLog;
import dispatcher.build.log.DetachableBuild;
import dispatcher.build.log.SplitLog;
import dispatcher.build.log.WaitingNotes;
import dispatcher.build.placement.FleetCensus;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.machine.registry.Refusals;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.protocol.Failures;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.Explanation;
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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The life of one build: waits for an equal one and for a slot, copies what the machine lacks, has it built, and
/// goes to another machine if this one is lost.
///
/// Used once, by the client's thread, which alone writes to the client.
final class BuildRun {
    private final Builds builds;
    private final MachineRegistry machines;
    private final DispatcherListener listener;
    private final BuildOrder order;
    private final StorePath drvPath;
    private final BasicDerivation derivation;
    private final BuildOptions options;
    private final long number;
    /// The log of all clients that want it, once it is this build's turn; see `BroadcastLog`.
    private BuildLog log = BuildLog.NONE;

    private final AttemptHistory losses;
    private final Askers.Asking asking;

    /// Set once its derivation has been read.
    private BuildJob job;

    /// Machines that claimed to have built a fixed output and did not have it, with the claim.
    private final Map<MachineLink, String> claims = new LinkedHashMap<>();

    /// Whether it has been begun on two machines at once.
    private boolean doubled;

    /// Machines that it must not go to, as it has got a slot.
    private Set<String> avoided = Set.of();

    /// Machines that operators have had it leave.
    private final Set<String> left = new HashSet<>();

    private final BuildControl control;

    private int sourcesLost;
    private long queuedAt;
    /// Written by the build's thread, read by the client's thread once that has ended.
    private boolean ended;

    BuildRun(Builds builds, BuildOrder order) {
        this.builds = builds;
        this.machines = builds.environment().machines();
        this.listener = builds.environment().listener();
        this.order = order;
        this.drvPath = order.drvPath();
        this.derivation = order.derivation();
        this.options = order.options();
        this.losses = new AttemptHistory(drvPath, builds.policy().maxAttempts());
        this.number = builds.nextNumber();
        this.asking = builds.askers().ask(drvPath, order.client());
        this.control = new BuildControl(drvPath);
        this.job = job(Refusals.Needs.NONE);
    }

    private BuildJob job(Refusals.Needs needs) {
        return new BuildJob(builds.environment(), number, drvPath, derivation, options, asking, needs);
    }

    BuildOutcome run() throws InterruptedException {
        try (asking) {
            return runAsked();
        }
    }

    private BuildOutcome runAsked() throws InterruptedException {
        BuildRequest request;
        try {
            request = builds.request(drvPath, derivation, order.client());
            job = job(Refusals.Needs.of(derivation));
        } catch (NixSyntaxException e) {
            return notBuilt(
                    BuildStatus.INPUT_REJECTED,
                    "%s has attributes that cannot be read: %s".formatted(drvPath, e.getMessage()));
        }
        listener.buildRequested(number, order.clientNumber(), drvPath, derivation);
        queued(request);
        var objection = order.client().grant().objection(request.platform(), request.requiredFeatures());
        if (objection.isPresent()) return refuseClient(objection.get());
        var objectionToMachine = machines.objectionToChoice(request);
        if (objectionToMachine.isPresent()) return refuseClient(objectionToMachine.get());
        builds.foresight().asked(order.client(), request);
        try (var clientLog = new ClientLog(order.log())) {
            return written(clientLog, runInTurn(request, clientLog));
        } catch (InterruptedException | RuntimeException | Error e) {
            if (!ended) listener.buildAbandoned(number, drvPath);
            throw e;
        }
    }

    /// Returns once the client has read the log.
    private static BuildOutcome written(ClientLog log, BuildOutcome outcome) throws InterruptedException {
        boolean written = false;
        try {
            log.writeRest();
            written = true;
            return outcome;
        } finally {
            if (!written) outcome.release();
        }
    }

    private BuildOutcome runInTurn(BuildRequest request, ClientLog clientLog) throws InterruptedException {
        var askedBack = machineThatAsksBack();
        if (askedBack.isPresent()) return refuseToWait(askedBack.get());
        try (var turn =
                builds.equalBuilds().await(drvPath, derivation, request.machine(), clientLog, this::tellThatItWaits)) {
            var earlier = turn.earlier();
            if (earlier.isPresent() && holdsHere(earlier.get().result())) return share(earlier.get());
            listener.buildAlone(number, drvPath, Duration.ofNanos(nanoTime() - queuedAt));
            if (isBuiltAlready()) {
                listener.buildFound(number, drvPath);
                return new BuildOutcome.Found();
            }
            log = new SplitLog(turn.log(), builds.environment().logs().of(number));
            try (var _ = builds.controls().add(control)) {
                return DetachableBuild.run(
                        drvPath.derivationName(),
                        clientLog,
                        () -> runShared(request, turn),
                        () -> isWanted(turn),
                        turn::clientLeft,
                        BuildOutcome::release);
            }
        }
    }

    private BuildOutcome share(EqualBuilds.Ended equal) {
        var result = equal.result();
        equal.cancelled()
                .ifPresentOrElse(
                        why -> listener.buildCancelled(number, drvPath, why.by(), why.reason()),
                        () -> listener.buildShared(
                                number, order.clientNumber(), drvPath, result.status(), result.message()));
        return new BuildOutcome.Shared(result);
    }

    /// Whether it goes on without its client.
    private boolean isWanted(EqualBuilds.Turn turn) {
        boolean wanted = order.client().grant().keepBuilding() || turn.isWantedByOthers();
        if (!wanted) control.unwanted();
        return wanted;
    }

    /// A machine that builds this and from which the client asks for it: if one waited for the other, neither would
    /// ever end.
    private Optional<String> machineThatAsksBack() throws InterruptedException {
        for (var link : asking.running()) {
            if (!link.isHomeOf(order.client())) continue;
            asking.asksBack(link);
            return Optional.of(link.machine().name());
        }
        return Optional.empty();
    }

    private BuildOutcome refuseToWait(String machine) {
        return refuse(
                "%s was not built: machine %s asks for it, which is building it for this dispatcher; take the dispatcher out of 'builders' in the nix.conf of %s"
                        .formatted(drvPath, machine, machine));
    }

    private void queued(BuildRequest request) {
        queuedAt = nanoTime();
        listener.buildQueued(number, order.clientNumber(), drvPath, request.platform(), request.requiredFeatures());
    }

    /// The turn ends with the build, as its client may take long to read the rest of the log.
    private BuildOutcome runShared(BuildRequest request, EqualBuilds.Turn turn) throws InterruptedException {
        try (turn) {
            var outcome = runUnlessCancelled(request);
            ended = true;
            var cancelled = control.cancelled().filter(_ -> !outcome.result().isSuccess());
            if (cancelled.isPresent() || isTrueForAll(outcome.result()))
                turn.share(new EqualBuilds.Ended(outcome.result(), cancelled));
            return outcome;
        }
    }

    private BuildOutcome runUnlessCancelled(BuildRequest request) throws InterruptedException {
        control.begin();
        try {
            return runSomewhere(request);
        } catch (InterruptedException e) {
            var why = control.cancelled().orElseThrow(() -> e);
            listener.buildCancelled(number, drvPath, why.by(), why.reason());
            return notBuilt(BuildStatus.MISC_FAILURE, "%s was cancelled %s".formatted(drvPath, why.words()));
        } finally {
            control.end();
        }
    }

    private void tellThatItWaits() {
        order.log().note("dispatcher: %s is being built for another client; waiting for that".formatted(drvPath));
        order.log().flush();
    }

    /// Whether another client that asks for the same build may get the same result.
    private boolean isTrueForAll(BuildResult result) {
        if (options.mode() != BuildMode.NORMAL) return false;
        return result.isSuccess() || result.status() == BuildStatus.PERMANENT_FAILURE;
    }

    /// Whether the result of an equal build will do for this client, which must be able to fetch the outputs.
    private boolean holdsHere(BuildResult result) throws InterruptedException {
        if (options.mode() != BuildMode.NORMAL) return false;
        if (!result.isSuccess()) return true;
        try {
            return order.outputs().canBeFetched(result.outputPaths(derivation));
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
        return order.outputs().areOnMachines(outputs);
    }

    private BuildOutcome runSomewhere(BuildRequest request) throws InterruptedException {
        var since = builds.now();
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
                    var outcome = runIn(assignment, request);
                    if (outcome.isPresent()) return outcome.get();
                }
            }
            if (losses.exhausted()) return giveUp();
            queued(request);
        }
    }

    /// Where it has a slot, or gets another one while the machine starts; empty if it has to wait for one once
    /// more.
    private Optional<BuildOutcome> runIn(BuildQueue.Assignment first, BuildRequest request)
            throws InterruptedException {
        var slot = Optional.of(first);
        while (slot.isPresent()) {
            var place = reach(slot.get());
            // Otherwise it is gone from the settings, and the queue does not know yet.
            if (place.isEmpty()) return Optional.empty();
            try (var there = place.get()) {
                slot = arrive(there);
                if (slot.isEmpty()) {
                    assigned(there);
                    return buildAt(there, request);
                }
            } catch (StartFailedException e) {
                return Optional.empty();
            } catch (SourceFailedException e) {
                // The slot is given back by now: what made the lost input may need it.
                return recover(e, place.get().machine());
            }
        }
        return Optional.empty();
    }

    private static final class StartFailedException extends Exception {
        private static final long serialVersionUID = 1L;

        StartFailedException(IOException cause) {
            super(cause);
        }
    }

    /// Returns with the slot that it has elsewhere now, or without when the machine is up.
    private Optional<BuildQueue.Assignment> arrive(LeasedMachine place)
            throws StartFailedException, InterruptedException {
        if (place.link().isOff()) {
            log.note("dispatcher: %s waits for machine %s to start".formatted(drvPath, place.machine()));
            log.flush();
        }
        long begun = nanoTime();
        boolean wasUp = place.link().isUp();
        try {
            var elsewhere = Arrival.await(place);
            if (!wasUp) heldUp(Duration.ofNanos(nanoTime() - begun));
            return elsewhere;
        } catch (IOException e) {
            if (!wasUp) heldUp(Duration.ofNanos(nanoTime() - begun));
            assigned(place);
            machines.recovery().broke(place.link(), e);
            lose(place.link(), new AttemptLostException(Kind.AWAY, Failures.describe(e)));
            throw new StartFailedException(e);
        }
    }

    private void heldUp(Duration took) {
        if (took.isPositive()) listener.buildHeldUp(number, drvPath, took);
    }

    private void assigned(LeasedMachine place) {
        var waited = Duration.ofNanos(nanoTime() - queuedAt);
        var slot = place.slot();
        listener.buildAssigned(number, drvPath, place.machine(), slot.reason(), waited);
        builds.environment()
                .placements()
                .placed(
                        number,
                        () -> builds.census()
                                .account(new FleetCensus.Question(
                                        slot.placement(),
                                        slot.request(),
                                        avoided,
                                        slot.inputs(),
                                        builds.queue().setUp())));
        log.assigned(place.machine(), place.slot().reason());
    }

    /// Has inputs made again that were lost with their machine. Empty if the build can begin once more.
    private Optional<BuildOutcome> recover(SourceFailedException lost, String machine) throws InterruptedException {
        var reason = Failures.describe(lost);
        if (++sourcesLost >= builds.policy().maxAttempts()) return Optional.of(refuse(reason));
        listener.buildLost(number, drvPath, machine, reason);
        return order.inputs().recover(lost.paths(), reason) ? Optional.empty() : Optional.of(refuse(reason));
    }

    /// The client's own host is no machine for its builds; see `HomeCheck`. Machines without a connection are
    /// looked at once they have one.
    private void avoidHome(BuildRequest request) throws InterruptedException {
        var fitting = machines.fitting(request);
        for (var link : machines.links())
            if (fitting.contains(link.machine().name()) && link.isHomeOf(order.client()))
                losses.add(
                        link.machine().name(), new AttemptLostException(Kind.HOME, Attempt.atHome(order.client())), 0);
    }

    /// Whether a machine has refused such builds since this one began to wait for it, and another is there.
    private boolean hasRefused(String machine, BuildRequest request) {
        return !machines.refusals().mayAsk(machine, job.needs())
                && excluded(request).contains(machine);
    }

    /// Machines that it must not go to next.
    private Set<String> excluded(BuildRequest request) {
        var usable = machines.usable(request);
        var excluded = machines.refusals().excluding(job.needs(), usable, losses.excluded(usable));
        if (left.isEmpty()) return excluded;
        var withLeft = new HashSet<>(excluded);
        withLeft.addAll(left);
        return withLeft.containsAll(usable) ? excluded : withLeft;
    }

    /// The way to a machine where it has a slot; empty, and the slot given back, if there is none.
    private Optional<LeasedMachine> reach(BuildQueue.Assignment slot) {
        var use = machines.use(slot.machine().name());
        if (use.isEmpty()) slot.close();
        return use.map(way -> new LeasedMachine(slot, way, builds.census().taken()));
    }

    /// Empty if it was lost there.
    private Optional<BuildOutcome> buildAt(LeasedMachine place, BuildRequest request)
            throws SourceFailedException, InterruptedException {
        control.arrive(place.machine());
        try {
            return buildUnlessMoved(place, request);
        } catch (InterruptedException e) {
            moveAway(place.machine(), control.takeMove().orElseThrow(() -> e));
            return Optional.empty();
        } finally {
            control.leave();
        }
    }

    /// Nothing went wrong there.
    private void moveAway(String machine, Intervention why) {
        left.add(machine);
        listener.buildMoved(number, drvPath, machine, why.by(), why.reason());
        log.note("dispatcher: %s was stopped %s; it begins again on another machine than %s"
                .formatted(drvPath, why.words(), machine));
        log.flush();
    }

    /// Empty if it was lost there.
    private Optional<BuildOutcome> buildUnlessMoved(LeasedMachine place, BuildRequest request)
            throws SourceFailedException, InterruptedException {
        var stragglers = builds.policy().stragglers();
        if (!doubled && stragglers.mayBe(derivation, options, request.work())) {
            try (var race =
                    new SpeculativeBuild(job, order.inputs(), place, log, stragglers, new Course(place, request))) {
                return race.run().map(this::take);
            }
        }
        try {
            return Optional.of(take(new Attempt(job, order.inputs(), place.link(), log).run()));
        } catch (AttemptLostException e) {
            lose(place.link(), e);
            return Optional.empty();
        }
    }

    private BuildOutcome take(AttemptResult built) {
        // The machine has a fixed output that others lacked: those cannot have built it, as they claimed.
        if (built.result().isSuccess())
            claims.forEach((link, reason) -> machines.recovery().answeredFalsely(link, reason));
        return built.take();
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
            if (builds.isStopping()) return Optional.empty();
            var excluded = excluded(request);
            var second = builds.queue()
                    .trySpare(
                            first.slot(),
                            excluded,
                            builds.locating(derivation.inputSources()).get())
                    .flatMap(BuildRun.this::reach);
            doubled |= second.isPresent();
            return second;
        }

        @Override
        public void lost(MachineLink link, AttemptLostException loss) {
            lose(link, loss);
        }
    }

    /// Waits for a machine; for machines that are all away, only for a limited time.
    private BuildQueue.Outcome await(BuildRequest request, Instant since) throws InterruptedException {
        var inputs = builds.locating(derivation.inputSources());
        while (true) {
            var excluded = excluded(request);
            avoided = excluded;
            var ticket = builds.queue().submit(request, excluded, since, inputs);
            try (var waiting = machines.recovery().waiting(ticket, excluded)) {
                var outcome = WaitingNotes.await(ticket, log, () -> obstacle(request));
                heldUp(waiting.away());
                if (outcome instanceof BuildQueue.Outcome.Assigned || builds.isStopping()) return outcome;
                if (!maySubmit(request) && !awaitDescription(request)) return outcome;
            }
        }
    }

    /// Why the machine that was chosen for it does not take it now; empty if it may, or if none was chosen.
    private Optional<String> obstacle(BuildRequest request) {
        return request.machine()
                .flatMap(name -> builds.queue().explain(request, Set.of()).choices().stream()
                        .filter(choice -> choice.machine().equals(name))
                        .findFirst()
                        .flatMap(Explanation.Choice::notNow));
    }

    /// Whether there is a machine for it by now, even one that was to be avoided while there were others.
    private boolean maySubmit(BuildRequest request) {
        var usable = machines.usable(request);
        return !losses.excluded(usable).containsAll(usable);
    }

    /// Where no machine fits, waits for those that have yet to say what they build for.
    ///
    /// @return whether one fits now
    private boolean awaitDescription(BuildRequest request) throws InterruptedException {
        var undescribed = machines.undescribed();
        if (undescribed.isEmpty() || !machines.fitting(request).isEmpty()) return false;
        log.note("dispatcher: waiting until it is known what %s can build"
                .formatted(String.join(", ", undescribed.keySet())));
        log.flush();
        long begun = nanoTime();
        boolean fits = machines.awaitFitting(request, builds::isStopping);
        heldUp(Duration.ofNanos(nanoTime() - begun));
        if (!fits) return false;
        avoidHome(request);
        return true;
    }

    private void lose(MachineLink link, AttemptLostException loss) {
        var machine = link.machine().name();
        losses.add(machine, loss, machines.recovery().failuresLately(machine));
        if (loss.kind() == Kind.CLAIMED) claims.put(link, loss.reason());
        if (loss.kind() == Kind.OUT_OF_MEMORY) losses.ruleOut(machines.noLargerThan(link));
        listener.buildLost(number, drvPath, machine, loss.reason());
        // Clients need not hear of machines that the operator should set up otherwise while there are other machines.
        if (loss.kind() == Kind.UNFIT || loss.kind() == Kind.HOME) return;
        log.note(AttemptHistory.note(drvPath, machine, loss));
        log.flush();
    }

    private BuildOutcome refuse(BuildRequest request, Map<String, String> reasons) {
        if (builds.isStopping())
            return refuse("the dispatcher is being stopped and takes no new builds; ask again when it is back");
        if (!losses.isEmpty()) return giveUp();
        // It may have gone from the settings meanwhile.
        var objection = machines.objectionToChoice(request);
        if (objection.isPresent()) return refuseClient(objection.get());
        if (!machines.fitting(request).isEmpty()) return refuse(noneIsThere(reasons));
        var undescribed = machines.undescribed();
        if (!undescribed.isEmpty()) {
            var all = new LinkedHashMap<>(reasons);
            all.putAll(undescribed);
            return refuse(noneIsThere(all));
        }
        var words = new StringBuilder("no machine can build %s for %s".formatted(drvPath, request.platform()));
        if (!request.requiredFeatures().isEmpty())
            words.append(" with the features ").append(String.join(", ", request.requiredFeatures()));
        reasons.forEach((machine, reason) ->
                words.append("\n  ").append(machine).append(": ").append(reason));
        listener.buildRefused(number, drvPath, words.toString());
        return notBuilt(BuildStatus.MISC_FAILURE, words.toString());
    }

    private String noneIsThere(Map<String, String> reasons) {
        var words =
                new StringBuilder("%s could not be built, as no machine for it is there; this is no fault of the build:"
                        .formatted(drvPath));
        reasons.forEach((machine, reason) ->
                words.append("\n  ").append(machine).append(": ").append(reason));
        return words.toString();
    }

    private BuildOutcome giveUp() {
        var verdict = losses.verdict();
        listener.buildRefused(number, drvPath, verdict.message());
        return new BuildOutcome.NotBuilt(verdict);
    }

    private BuildOutcome refuseClient(String objection) {
        listener.buildRefused(number, drvPath, "%s: %s".formatted(order.client(), objection));
        return notBuilt(BuildStatus.MISC_FAILURE, objection);
    }

    private BuildOutcome refuse(String reason) {
        listener.buildRefused(number, drvPath, reason);
        return notBuilt(BuildStatus.TRANSIENT_FAILURE, reason);
    }

    private static BuildOutcome notBuilt(BuildStatus status, String message) {
        return new BuildOutcome.NotBuilt(BuildResult.of(status, message));
    }

    private long nanoTime() {
        return builds.environment().nanoTime().getAsLong();
    }
}
