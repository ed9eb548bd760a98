package dispatcher.dispatch;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.DerivationAttributes;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.SourceFailedException;
import dispatcher.store.StorePool;
import dispatcher.store.StoreRefusedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The life of one build: wait for a slot, copy what the machine lacks, build, and go elsewhere if the machine is lost.
///
/// Used once, by the client's thread.
final class BuildRun {
    private final FleetStore fleet;
    private final FleetSession session;
    private final long clientNumber;
    private final StorePath drvPath;
    private final BasicDerivation derivation;
    private final BuildOptions options;
    private final BuildLog log;
    private final long number;
    /// Machine to the reason why the build was lost there.
    private final Map<String, String> losses = new LinkedHashMap<>();

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

    /// A machine, or the way to it, broke.
    private static final class LostException extends Exception {
        private static final long serialVersionUID = 1L;
        /// Whether others had better not be sent there for a while.
        private final boolean machineAtFault;

        LostException(String reason, boolean machineAtFault) {
            super(reason);
            this.machineAtFault = machineAtFault;
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }

    /// Returns the result that the client is told; a machine's fault is only told when no machine is left.
    BuildResult run() throws InterruptedException {
        BuildRequest request;
        try {
            var features = DerivationAttributes.of(derivation).requiredSystemFeatures();
            request = new BuildRequest(drvPath, derivation.platform(), features);
        } catch (NixSyntaxException e) {
            return BuildResult.of(
                    BuildStatus.INPUT_REJECTED,
                    "%s has attributes that cannot be read: %s".formatted(drvPath, e.getMessage()));
        }
        try {
            while (true) {
                fleet.listener()
                        .buildQueued(number, clientNumber, drvPath, request.platform(), request.requiredFeatures());
                long queuedAt = fleet.nanoTime();
                switch (fleet.queue().submit(request, losses.keySet()).await()) {
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
                if (losses.size() >= fleet.maxAttempts()) return refuse(lossesInWords());
            }
        } catch (InterruptedException e) {
            fleet.listener().buildAbandoned(number, drvPath);
            throw e;
        }
    }

    private void lose(String machine, LostException loss) {
        if (loss.machineAtFault) {
            fleet.queue().machineFailed(machine, loss.reason());
            fleet.link(machine).conversations().dropIdle();
        }
        losses.put(machine, loss.reason());
        fleet.listener().buildLost(number, drvPath, machine, loss.reason());
        log.note("dispatcher: lost machine %s while building %s (%s)".formatted(machine, drvPath, loss.reason()));
        log.flush();
    }

    private BuildResult refuse(BuildRequest request, Map<String, String> reasons) {
        if (!losses.isEmpty()) return refuse(lossesInWords());
        var words = new StringBuilder("no machine can build %s for %s".formatted(drvPath, request.platform()));
        if (!request.requiredFeatures().isEmpty())
            words.append(" with the features ").append(String.join(", ", request.requiredFeatures()));
        reasons.forEach((machine, reason) ->
                words.append("\n  ").append(machine).append(": ").append(reason));
        fleet.listener().buildRefused(number, drvPath, words.toString());
        return BuildResult.of(BuildStatus.MISC_FAILURE, words.toString());
    }

    private String lossesInWords() {
        var words = new StringBuilder("%s could not be built; this is no fault of the build:".formatted(drvPath));
        losses.forEach((machine, reason) ->
                words.append("\n  ").append(machine).append(": ").append(reason));
        return words.toString();
    }

    private BuildResult refuse(String reason) {
        fleet.listener().buildRefused(number, drvPath, reason);
        return BuildResult.of(BuildStatus.TRANSIENT_FAILURE, reason);
    }

    private BuildResult buildOn(MachineLink link) throws LostException, SourceFailedException, InterruptedException {
        var lease = leaseWithInputs(link);
        boolean kept = false;
        try {
            long begun = fleet.nanoTime();
            var result = lease.store().buildDerivation(drvPath, derivation, options, log);
            var took = Duration.ofNanos(fleet.nanoTime() - begun);
            if (result.status() == BuildStatus.TRANSIENT_FAILURE) throw new LostException(result.message(), false);
            fleet.queue().machineWorked(link.machine().name());
            fleet.listener()
                    .buildEnded(number, drvPath, link.machine().name(), result.status(), result.message(), took);
            kept = true;
            if (result.isSuccess()) session.hold(link.machine().name(), lease, outputs(result));
            else lease.release();
            return result;
        } catch (StoreRefusedException e) {
            throw new LostException("it refuses: " + e.getMessage(), false);
        } catch (IOException e) {
            if (Thread.interrupted()) throw new InterruptedException();
            throw new LostException(Failures.describe(e), true);
        } finally {
            if (!kept) lease.drop();
        }
    }

    /// A conversation with the machine in which all inputs are there. One that was opened earlier may have died
    /// unnoticed;
    /// that is no fault of the machine before a new one has failed too.
    private StorePool.Lease leaseWithInputs(MachineLink link)
            throws LostException, SourceFailedException, InterruptedException {
        while (true) {
            StorePool.Lease lease;
            try {
                lease = link.conversations().lease();
            } catch (IOException e) {
                if (Thread.interrupted()) throw new InterruptedException();
                throw new LostException(Failures.describe(e), true);
            }
            boolean ready = false;
            try {
                copyInputs(link, lease);
                ready = true;
                return lease;
            } catch (SourceFailedException e) {
                throw e;
            } catch (StoreRefusedException e) {
                throw new LostException("it refuses the inputs: " + e.getMessage(), false);
            } catch (IOException e) {
                if (Thread.interrupted()) throw new InterruptedException();
                if (!lease.isReused()) throw new LostException(Failures.describe(e), true);
                link.conversations().dropIdle();
            } finally {
                if (!ready) lease.drop();
            }
        }
    }

    private void copyInputs(MachineLink link, StorePool.Lease lease) throws IOException, InterruptedException {
        long begun = fleet.nanoTime();
        var copied = link.copier().copy(lease.store(), derivation.inputSources(), session, false);
        fleet.listener()
                .inputsCopied(
                        number,
                        drvPath,
                        link.machine().name(),
                        copied.paths(),
                        copied.bytes(),
                        Duration.ofNanos(fleet.nanoTime() - begun));
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
