package dispatcher.dispatch;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.ClosureCopier.Copied;
import dispatcher.store.SourceFailedException;
import dispatcher.store.StorePool;
import dispatcher.store.StoreRefusedException;
import dispatcher.wire.Interruption;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The life of one build: wait for an equal one and for a slot, copy what the machine lacks, build, and go elsewhere if
/// the machine is lost.
///
/// Used once, by the client's thread.
final class BuildRun {
    /// By then a connection that is dead has been found to be so.
    private static final Duration UNNOTICED = Duration.ofMinutes(1);

    private final FleetStore fleet;
    private final FleetSession session;
    private final long clientNumber;
    private final StorePath drvPath;
    private final BasicDerivation derivation;
    private final BuildOptions options;
    private final long number;
    /// Of the client alone until it is this build's turn, and from then on of all clients that want it.
    private BuildLog log;

    /// Machine to the reason why the build was lost there.
    private final Map<String, LostException> losses = new LinkedHashMap<>();
    private long queuedAt;
    /// Written by the build's thread, read by the client's thread once that has ended.
    private boolean ended;

    /// On how many machines it has begun. A machine that cannot even be reached says nothing about the build.
    private int begun;

    BuildRun(
            FleetStore fleet,
            FleetSession session,
            long clientNumber,
            StorePath drvPath,
            BasicDerivation derivation,
            BuildOptions options,
            BuildLog log) {
        this.fleet = fleet;
        this.session = session;
        this.clientNumber = clientNumber;
        this.drvPath = drvPath;
        this.derivation = derivation;
        this.options = options;
        this.log = log;
        this.number = fleet.nextBuild();
    }

    /// Another machine may do better.
    private static final class LostException extends Exception {
        private static final long serialVersionUID = 1L;

        /// What the machine said of the build; empty if the machine, or the way to it, broke.
        private final transient Optional<BuildResult> verdict;

        LostException(String reason) {
            super(reason);
            this.verdict = Optional.empty();
        }

        LostException(BuildResult verdict) {
            super(verdict.message());
            this.verdict = Optional.of(verdict);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }

    /// Returns the result that the client is told; a machine's fault is only told when no machine is left.
    BuildResult run() throws InterruptedException {
        BuildRequest request;
        try {
            request = fleet.request(drvPath, derivation, session.client());
        } catch (NixSyntaxException e) {
            return BuildResult.of(
                    BuildStatus.INPUT_REJECTED,
                    "%s has attributes that cannot be read: %s".formatted(drvPath, e.getMessage()));
        }
        fleet.listener().buildRequested(number, clientNumber, drvPath, derivation);
        queued(request);
        var objection = session.client().grant().objection(request.platform(), request.requiredFeatures());
        if (objection.isPresent()) return refuseClient(objection.get());
        try (var turn = fleet.equalBuilds().await(drvPath, derivation, log, this::tellThatItWaits)) {
            var earlier = turn.earlier();
            if (earlier.isPresent() && holdsHere(earlier.get())) {
                fleet.listener().buildShared(number, clientNumber, drvPath);
                return earlier.get();
            }
            log = turn.log();
            boolean keep = session.client().grant().keepBuilding();
            var result = AttendedBuild.run(
                    drvPath.derivationName(),
                    () -> shared(runSomewhere(request), turn),
                    () -> keep || turn.isWantedByOthers(),
                    turn::clientLeft);
            return result;
        } catch (InterruptedException e) {
            if (!ended) fleet.listener().buildAbandoned(number, drvPath);
            throw e;
        }
    }

    private void queued(BuildRequest request) {
        queuedAt = fleet.nanoTime();
        fleet.listener().buildQueued(number, clientNumber, drvPath, request.platform(), request.requiredFeatures());
    }

    private BuildResult shared(BuildResult result, EqualBuilds.Turn turn) {
        ended = true;
        if (isTrueForAll(result)) turn.share(result);
        return result;
    }

    private void tellThatItWaits() {
        log.note("dispatcher: %s is being built for another client; waiting for that".formatted(drvPath));
        log.flush();
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
        var outputs = outputs(result);
        try {
            return session.queryValidPaths(outputs, false).containsAll(outputs);
        } catch (IOException e) {
            Interruption.rethrow(e);
            return false;
        }
    }

    private BuildQueue.Ticket submit(BuildRequest request, Instant since) {
        return fleet.queue().submit(request, losses.keySet(), since, () -> fleet.inputs(derivation.inputSources()));
    }

    private BuildResult runSomewhere(BuildRequest request) throws InterruptedException {
        var since = fleet.now();
        while (true) {
            switch (WaitingNotes.await(submit(request, since), log)) {
                case BuildQueue.Outcome.NoMachine(var reasons) -> {
                    return refuse(request, reasons);
                }
                case BuildQueue.Outcome.Assigned(var assignment) -> {
                    var machine = assignment.machine().name();
                    try (assignment) {
                        var waited = Duration.ofNanos(fleet.nanoTime() - queuedAt);
                        fleet.listener().buildAssigned(number, drvPath, machine, assignment.reason(), waited);
                        log.assigned(machine, assignment.reason());
                        return buildOn(fleet.link(machine));
                    } catch (LostException e) {
                        lose(machine, e);
                    } catch (SourceFailedException e) {
                        return refuse(Failures.describe(e));
                    }
                }
            }
            if (begun >= fleet.maxAttempts()) return giveUp();
            queued(request);
        }
    }

    private void lose(String machine, LostException loss) {
        losses.put(machine, loss);
        fleet.listener().buildLost(number, drvPath, machine, loss.reason());
        var what = loss.verdict.isPresent() ? "%2$s failed on machine %1$s" : "lost machine %s while building %s";
        log.note("dispatcher: %s (%s)".formatted(what.formatted(machine, drvPath), inOneLine(loss.reason())));
        log.flush();
    }

    private static String inOneLine(String text) {
        return text.strip().replaceAll("\\s*\n\\s*", "; ");
    }

    private BuildResult refuse(BuildRequest request, Map<String, String> reasons) {
        if (!losses.isEmpty()) return giveUp();
        var words = new StringBuilder("no machine can build %s for %s".formatted(drvPath, request.platform()));
        if (!request.requiredFeatures().isEmpty())
            words.append(" with the features ").append(String.join(", ", request.requiredFeatures()));
        reasons.forEach((machine, reason) ->
                words.append("\n  ").append(machine).append(": ").append(reason));
        fleet.listener().buildRefused(number, drvPath, words.toString());
        return BuildResult.of(BuildStatus.MISC_FAILURE, words.toString());
    }

    /// If all machines did their part, what the last one said is what the client is told.
    private BuildResult giveUp() {
        var verdicts =
                losses.values().stream().flatMap(loss -> loss.verdict.stream()).toList();
        if (verdicts.size() == losses.size()) {
            var last = verdicts.getLast();
            fleet.listener().buildRefused(number, drvPath, last.message());
            return last;
        }
        var words = new StringBuilder("%s could not be built; this is no fault of the build:".formatted(drvPath));
        losses.forEach((machine, loss) ->
                words.append("\n  ").append(machine).append(": ").append(loss.reason()));
        return refuse(words.toString());
    }

    private BuildResult refuseClient(String objection) {
        fleet.listener().buildRefused(number, drvPath, "%s: %s".formatted(session.client(), objection));
        return BuildResult.of(BuildStatus.MISC_FAILURE, objection);
    }

    private BuildResult refuse(String reason) {
        fleet.listener().buildRefused(number, drvPath, reason);
        return BuildResult.of(BuildStatus.TRANSIENT_FAILURE, reason);
    }

    /// A conversation that others have used may have died since without a word; that is nobody's fault, and found out
    /// now.
    private BuildResult buildOn(MachineLink link) throws LostException, SourceFailedException, InterruptedException {
        while (true) {
            var lease = leaseWithInputs(link);
            begun++;
            try {
                return buildIn(lease, link);
            } catch (DiedUnnoticedException e) {
                begun--;
                link.conversations().dropIdle();
            }
        }
    }

    private static final class DiedUnnoticedException extends Exception {
        private static final long serialVersionUID = 1L;

        DiedUnnoticedException(IOException cause) {
            super(cause);
        }
    }

    private BuildResult buildIn(StorePool.Lease lease, MachineLink link)
            throws LostException, DiedUnnoticedException, InterruptedException {
        var machine = link.machine().name();
        var limits = new BuildLimits(drvPath.toString(), options, log, lease.store()::close);
        boolean kept = false;
        long start = fleet.nanoTime();
        try (var watch = link.sampler().watch(drvPath, derivation, peak -> measured(machine, peak))) {
            BuildResult result;
            try {
                result = lease.store().buildDerivation(drvPath, derivation, options, limits);
            } catch (IOException e) {
                // Cutting a build off is what breaks its conversation.
                result = limits.end().orElseThrow(() -> e);
            }
            result = limits.end().orElse(result);
            var took = Duration.ofNanos(fleet.nanoTime() - start);
            var outputs = result.isSuccess() ? check(link, lease).check(result) : List.<BuiltOutput>of();
            fleet.queue().machineWorked(machine);
            watch.lackedMemory(result).ifPresent(evidence -> tellLackOfMemory(machine, evidence));
            if (result.status() == BuildStatus.TRANSIENT_FAILURE) throw new LostException(result);
            if (result.isSuccess()) {
                fleet.listener().outputsMade(number, drvPath, machine, sizes(outputs));
                sizes(outputs).forEach(fleet.sizes()::add);
            }
            fleet.listener().buildEnded(number, drvPath, machine, result.status(), result.message(), took);
            if (result.isSuccess()) {
                kept = true;
                session.hold(machine, lease, outputs);
            }
            return result;
        } catch (StoreRefusedException e) {
            throw new LostException("it refuses: " + e.getMessage());
        } catch (IOException e) {
            Interruption.rethrow(e);
            if (e instanceof ProtocolException) lease.drop();
            else if (lease.isInDoubt() && fleet.nanoTime() - start < UNNOTICED.toNanos())
                throw new DiedUnnoticedException(e);
            throw setAside(link, e);
        } finally {
            if (limits.end().isPresent()) lease.drop();
            else if (!kept) lease.release();
        }
    }

    private static Map<StorePath, Long> sizes(List<BuiltOutput> outputs) {
        var sizes = new LinkedHashMap<StorePath, Long>();
        for (var output : outputs) sizes.put(output.info().path(), output.info().narSize());
        return sizes;
    }

    private OutputCheck check(MachineLink link, StorePool.Lease lease) {
        var machine = link.machine().name();
        return new OutputCheck(link.storeDir(), machine, drvPath, derivation, lease.store(), session::knownInfos);
    }

    private void measured(String machine, long peakBytes) {
        fleet.listener().memoryMeasured(number, drvPath, machine, peakBytes);
    }

    private void tellLackOfMemory(String machine, String evidence) {
        fleet.listener().memoryLacked(number, drvPath, machine, evidence);
        log.note("dispatcher: %s failed on machine %s for lack of memory (%s)".formatted(drvPath, machine, evidence));
        log.flush();
    }

    /// A conversation with the machine in which all inputs are there.
    private StorePool.Lease leaseWithInputs(MachineLink link)
            throws LostException, SourceFailedException, InterruptedException {
        try {
            return link.conversations().lease(lease -> copyInputs(link, lease)).lease();
        } catch (SourceFailedException e) {
            throw e;
        } catch (StoreRefusedException e) {
            throw new LostException("it refuses the inputs: " + e.getMessage());
        } catch (IOException e) {
            Interruption.rethrow(e);
            throw setAside(link, e);
        }
    }

    /// Happens before the slot is given back, or else the next build would be sent to the machine that just broke.
    private LostException setAside(MachineLink link, IOException failure) {
        var reason = Failures.describe(failure);
        fleet.queue().machineFailed(link.machine().name(), reason);
        link.conversations().dropIdle();
        return new LostException(reason);
    }

    private Copied copyInputs(MachineLink link, StorePool.Lease lease) throws IOException, InterruptedException {
        long begun = fleet.nanoTime();
        boolean substitute = link.substitutes(session.substitutes());
        var copied = link.copier().copy(lease.store(), derivation.inputSources(), session, substitute);
        var took = Duration.ofNanos(fleet.nanoTime() - begun);
        fleet.locations().add(derivation.inputSources(), link.machine().name());
        fleet.locations().add(copied.sent(), link.machine().name());
        fleet.listener().inputsCopied(number, drvPath, link.machine().name(), copied.paths(), copied.bytes(), took);
        return copied;
    }

    /// The paths that came out: as the derivation says, and where it cannot, as the machine says.
    private List<StorePath> outputs(BuildResult result) {
        var outputs = new ArrayList<StorePath>();
        var seen = new HashSet<StorePath>();
        for (var output : derivation.outputs().values())
            output.path().filter(seen::add).ifPresent(outputs::add);
        result.outputs().values().stream()
                .map(Realisation::outPath)
                .filter(seen::add)
                .forEach(outputs::add);
        return outputs;
    }
}
