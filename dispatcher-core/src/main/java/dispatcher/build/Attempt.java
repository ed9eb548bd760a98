package dispatcher.build;

import dispatcher.access.ClientIdentity;
import dispatcher.build.failure.AttemptLostException;
import dispatcher.build.failure.AttemptLostException.Kind;
import dispatcher.build.failure.DeepInput;
import dispatcher.build.failure.Diagnosis;
import dispatcher.build.failure.FailedResult;
import dispatcher.build.log.BuildLimits;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.load.BuildWatch;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.machine.registry.Unfit;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.protocol.Failures;
import dispatcher.store.BuildLog;
import dispatcher.store.SourceFailedException;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.transfer.ClosureCopier;
import dispatcher.store.transfer.ClosureCopier.Copied;
import dispatcher.store.verify.KnownPaths;
import dispatcher.store.verify.MadeInBuildException;
import dispatcher.store.verify.NoFixedOutputException;
import dispatcher.store.verify.OutputCheck;
import dispatcher.thread.Interruption;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.function.LongSupplier;

/// One build on one machine: copies the inputs that the machine lacks, has it build, and decides from what the
/// machine did how the build ended.
///
/// Used once, by one thread.
final class Attempt {
    /// A dead connection has been found to be dead by then.
    private static final Duration UNNOTICED = Duration.ofMinutes(1);

    private final BuildJob job;
    private final MachineRegistry machines;
    private final KnownPaths known;
    private final DispatcherListener listener;
    private final LongSupplier nanoTime;
    private final BuildInputs inputs;
    private final MachineLink link;
    private final String machine;
    private final BuildLog log;

    /// @param inputs for this attempt alone, until it has ended
    /// @param link   used by the caller
    Attempt(BuildJob job, BuildInputs inputs, MachineLink link, BuildLog log) {
        this.job = job;
        this.machines = job.environment().machines();
        this.known = job.environment().known();
        this.listener = job.environment().listener();
        this.nanoTime = job.environment().nanoTime();
        this.inputs = inputs;
        this.link = link;
        this.machine = link.machine().name();
        this.log = log;
    }

    /// Returns how the build ended. Clients have not heard of the end yet; they have heard of the machine's faults.
    ///
    /// A conversation that was used before may have died since without notice, and a machine that seemed to have
    /// all inputs may have lost some. That is nobody's fault, and this is where it shows.
    ///
    /// @throws AttemptLostException if the build has no result there
    /// @throws SourceFailedException if inputs could not be read
    AttemptResult run() throws AttemptLostException, SourceFailedException, InterruptedException {
        try {
            return attempt();
        } catch (AttemptLostException e) {
            // The build needs what conversations keep there from the garbage collector.
            if (e.kind().isLackOfDisk()) link.conversations().renew();
            throw e;
        }
    }

    private AttemptResult attempt() throws AttemptLostException, SourceFailedException, InterruptedException {
        boolean sentAgain = false;
        boolean askedAgain = false;
        while (true) {
            var lease = leaseWithInputs();
            try (var running = job.asking().runs(link)) {
                requireElsewhere(lease);
                return buildIn(lease, running);
            } catch (DiedUnnoticedException e) {
                link.conversations().dropIdle();
            } catch (UnfitException e) {
                // A process of the machine's Nix keeps the settings that it began with.
                if (lease.isReused() && !askedAgain) {
                    askedAgain = true;
                    link.conversations().renew();
                    continue;
                }
                machines.refusals().add(link, job.needs(), e.unfit, e.reason);
                throw new AttemptLostException(Kind.UNFIT, e.reason);
            } catch (AttemptLostException e) {
                var lacking = lackedInput(e);
                if (lacking.isEmpty()) throw e;
                if (sentAgain) throw denied(lacking.get());
                sentAgain = true;
                log.note("dispatcher: machine %s has lost inputs of %s; sending them again"
                        .formatted(machine, job.drvPath()));
                log.flush();
            }
        }
    }

    /// Known only once a connection is there.
    private void requireElsewhere(StorePool.Lease lease) throws AttemptLostException, InterruptedException {
        boolean elsewhere = false;
        try {
            for (var client : job.asking().clients())
                if (link.isHomeOf(client)) throw new AttemptLostException(Kind.HOME, atHome(client));
            elsewhere = true;
        } finally {
            if (!elsewhere) lease.release();
        }
    }

    /// Why a machine cannot build what this client asks for.
    static String atHome(ClientIdentity client) {
        return "client %s asks for it on this very machine, whose Nix has locked the outputs until it has them"
                .formatted(client);
    }

    /// It said twice that it had all inputs, and each time it lacked one when it was to build.
    private AttemptLostException denied(StorePath input) {
        var reason = "it took %s twice, and says that it does not have it".formatted(input);
        machines.recovery().answeredFalsely(link, reason);
        return new AttemptLostException(Kind.REFUSED, reason);
    }

    /// An input that the machine lacks by now, if it refused to build, for instance since it collected garbage.
    private Optional<StorePath> lackedInput(AttemptLostException loss) throws InterruptedException {
        var roots = job.derivation().inputSources();
        boolean mayBe = switch (loss.kind()) {
            case REFUSED, FAILED -> !roots.isEmpty();
            case AWAY,
                    DEEP_INPUT,
                    UNFIT,
                    HOME,
                    BUILDING,
                    ENDED,
                    CLAIMED,
                    NO_FIXED_OUTPUT,
                    OUT_OF_MEMORY,
                    KILLED,
                    KILLED_UNEXPLAINED,
                    DISK_FULL,
                    NO_INODES,
                    DISK_UNEXPLAINED -> false;
        };
        if (!mayBe) return Optional.empty();
        // Forgets, with the conversations, what they believe to be there.
        link.conversations().dropIdle();
        try {
            var asked = link.conversations().lease(lease -> lease.store().queryValidPaths(roots, false));
            asked.lease().release();
            return roots.stream()
                    .filter(input -> !asked.answer().contains(input))
                    .findFirst();
        } catch (IOException e) {
            Interruption.rethrow(e);
            return Optional.empty();
        }
    }

    private static final class DiedUnnoticedException extends Exception {
        private static final long serialVersionUID = 1L;

        DiedUnnoticedException(IOException cause) {
            super(cause);
        }
    }

    /// The machine's own settings keep it from builds like this.
    private static final class UnfitException extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Unfit unfit;
        private final transient String reason;

        /// @param words of the machine
        UnfitException(Unfit unfit, String words) {
            super(words);
            this.unfit = unfit;
            this.reason = unfit.explain(words);
        }
    }

    private AttemptResult buildIn(StorePool.Lease lease, Askers.Asking.Running running)
            throws AttemptLostException, UnfitException, DiedUnnoticedException, InterruptedException {
        var limits = new BuildLimits(job.drvPath().toString(), job.options(), log, lease.store()::close);
        boolean kept = false;
        long start = nanoTime.getAsLong();
        try (var watch = link.sampler().watch(job.drvPath(), job.derivation(), this::measured)) {
            BuildResult result;
            try {
                result = lease.store().buildDerivation(job.drvPath(), job.derivation(), job.options(), limits);
            } catch (IOException e) {
                // Cutting a build off is what breaks its conversation.
                result = limits.end().orElseThrow(() -> e);
            }
            result = limits.end().orElse(result);
            var took = Duration.ofNanos(nanoTime.getAsLong() - start);
            var checked = result.isSuccess() ? check(lease).check(result) : OutputCheck.Checked.NOTHING;
            machines.recovery().worked(link);
            if (running.isAskedBack() && !result.isSuccess()) throw askedBack();
            if (limits.end().isEmpty()) {
                var unfit = Unfit.of(result);
                if (unfit.isPresent()) throw new UnfitException(unfit.get(), result.message());
                if (isMade(result)) machines.refusals().began(link, job.needs());
                if (!result.isSuccess())
                    new FailedResult(result, limits.lastLines(), watch).requireOfTheBuild(this::memoryLacked);
            }
            kept = result.isSuccess();
            if (!kept) limits.noteWhatIsKept(machine);
            if (!checked.made().isEmpty()) noteMade(checked.made().size());
            return new AttemptResult(job, link, lease, result, checked, took);
        } catch (StoreRefusedException e) {
            var unfit = Unfit.of(Failures.describe(e));
            if (unfit.isPresent()) throw new UnfitException(unfit.get(), Failures.describe(e));
            throw refused("it refuses: ", e);
        } catch (MadeInBuildException e) {
            machines.recovery().worked(link);
            var took = Duration.ofNanos(nanoTime.getAsLong() - start);
            var rejected = BuildResult.of(BuildStatus.OUTPUT_REJECTED, Failures.describe(e));
            return new AttemptResult(job, link, lease, rejected, OutputCheck.Checked.NOTHING, took);
        } catch (NoFixedOutputException e) {
            throw new AttemptLostException(e.isClaimed() ? Kind.CLAIMED : Kind.NO_FIXED_OUTPUT, Failures.describe(e));
        } catch (IOException e) {
            Interruption.rethrow(e);
            var unfit = Unfit.ofLastWords(Failures.describe(e));
            if (unfit.isPresent()) throw new UnfitException(unfit.get(), Failures.describe(e));
            if (e instanceof ProtocolException) lease.drop();
            else if (lease.isInDoubt() && nanoTime.getAsLong() - start < UNNOTICED.toNanos())
                throw new DiedUnnoticedException(e);
            if (!(e instanceof ProtocolException) && isFixed() && answersStill())
                throw new AttemptLostException(
                        Kind.ENDED, "its Nix ended in mid-build (%s)".formatted(Failures.describe(e)));
            throw setAside(Kind.BUILDING, e);
        } finally {
            if (limits.end().isPresent()) lease.drop();
            else if (!kept) lease.release();
        }
    }

    /// Nix's own build hook copies outputs and nothing else.
    private void noteMade(int paths) {
        log.note(
                "dispatcher: outputs of %s refer to %d paths that were made in mid-build (recursive-nix); if your Nix says that one of them is not valid, copy it from here by `nix copy --from`"
                        .formatted(job.drvPath(), paths));
        log.flush();
    }

    private static AttemptLostException askedBack() {
        return new AttemptLostException(
                Kind.UNFIT,
                "it has this dispatcher among the builders of its own nix.conf, and asked it for the build that it was to do itself; take the dispatcher out there");
    }

    /// Whether the machine has begun to build, rather than had what it was to make.
    private static boolean isMade(BuildResult result) {
        return switch (result.status()) {
            case ALREADY_VALID,
                    SUBSTITUTED,
                    RESOLVES_TO_ALREADY_VALID,
                    INPUT_REJECTED,
                    DEPENDENCY_FAILED,
                    NO_SUBSTITUTERS -> false;
            case BUILT,
                    PERMANENT_FAILURE,
                    OUTPUT_REJECTED,
                    TRANSIENT_FAILURE,
                    CACHED_FAILURE,
                    TIMED_OUT,
                    MISC_FAILURE,
                    LOG_LIMIT_EXCEEDED,
                    NOT_DETERMINISTIC -> true;
        };
    }

    private boolean isFixed() {
        return job.derivation().outputs().values().stream().anyMatch(DerivationOutput.Fixed.class::isInstance);
    }

    /// Whether the machine itself is well when a conversation with it ended: then only one process of its Nix ended.
    private boolean answersStill() throws InterruptedException {
        try {
            link.look();
            return true;
        } catch (IOException e) {
            Interruption.rethrow(e);
            return false;
        }
    }

    private OutputCheck check(StorePool.Lease lease) {
        return new OutputCheck(
                link.storeDir(), machine, job.drvPath(), job.derivation(), lease.store(), inputs::knownInfos);
    }

    private void memoryLacked(String evidence) {
        listener.memoryLacked(job.number(), job.drvPath(), machine, evidence);
    }

    private void measured(long peakBytes) {
        listener.memoryMeasured(job.number(), job.drvPath(), machine, peakBytes);
    }

    private AttemptLostException refused(String what, StoreRefusedException refusal) throws InterruptedException {
        var reason = what + refusal.getMessage();
        return new AttemptLostException(Diagnosis.isDiskFull(reason) ? lackOfDisk() : Kind.REFUSED, reason);
    }

    /// What a disk lacks that is full by the machine's words, which say the same of both; as measured now.
    private Kind lackOfDisk() throws InterruptedException {
        try (var watch = link.sampler().watch(job.drvPath(), job.derivation(), _ -> {})) {
            return watch.disk() instanceof BuildWatch.Disk.LackedInodes ? Kind.NO_INODES : Kind.DISK_FULL;
        }
    }

    /// A conversation with the machine in which all inputs are there.
    private StorePool.Lease leaseWithInputs() throws AttemptLostException, SourceFailedException, InterruptedException {
        try {
            machines.requireAnswer(link);
            return link.conversations().lease(this::copyInputs).lease();
        } catch (SourceFailedException e) {
            // Others may have it, or fetch it by themselves.
            var unproven = inputs.unproven(e.paths());
            if (unproven.isPresent()) throw new AttemptLostException(Kind.REFUSED, unproven.get());
            throw e;
        } catch (StoreRefusedException e) {
            requireFlatInputs(e);
            throw refused("it refuses the inputs: ", e);
        } catch (IOException e) {
            Interruption.rethrow(e);
            requireFlatInputs(e);
            throw setAside(Kind.AWAY, e);
        }
    }

    /// Returns if the machine refused the inputs for another reason than the depth of one of them.
    private void requireFlatInputs(IOException refusal) throws AttemptLostException, InterruptedException {
        var limit = DeepInput.limit(Failures.describe(refusal));
        if (limit.isEmpty()) return;
        var roots = job.derivation().inputSources();
        var input = DeepInput.find(machine, limit.get(), roots, this::isExpectedThere, inputs);
        throw new AttemptLostException(
                Kind.DEEP_INPUT, BuildResult.of(BuildStatus.INPUT_REJECTED, input.explain(job.drvPath())));
    }

    /// Must come before the slot is given back: otherwise the next build would go to the machine that just broke.
    private AttemptLostException setAside(Kind kind, IOException failure) throws InterruptedException {
        var reason = Failures.describe(failure);
        // In the serve protocol a machine says no by ending the conversation, with the reason as its last words.
        // Before them may be the log of the build.
        if (Diagnosis.isDiskFull(reason.lines().reduce("", (_, line) -> line)))
            return new AttemptLostException(lackOfDisk(), reason);
        if (job.derivation().inputSources().stream().anyMatch(input -> reason.contains(input.baseName())))
            return new AttemptLostException(Kind.REFUSED, reason);
        machines.recovery().broke(link, failure);
        link.conversations().dropIdle();
        return new AttemptLostException(kind, reason);
    }

    private Copied copyInputs(StorePool.Lease lease) throws IOException, InterruptedException {
        long begun = nanoTime.getAsLong();
        boolean substitute = link.substitutes(inputs.substitutes());
        var roots = job.derivation().inputSources();
        var copied = link.copier()
                .copy(
                        lease.store(),
                        roots,
                        this::isExpectedThere,
                        new ReportedSource(inputs, log, machine),
                        substitute,
                        missing -> noteDenied(missing, lease),
                        this::helper);
        var took = Duration.ofNanos(nanoTime.getAsLong() - begun);
        known.locations().add(roots, machine);
        known.sent(copied.sent(), machine);
        listener.inputsCopied(job.number(), job.drvPath(), machine, copied.paths(), copied.bytes(), took);
        return copied;
    }

    /// The machine says that it lacks these.
    private void noteDenied(Collection<StorePath> missing, StorePool.Lease lease) {
        for (var path : missing)
            if (link.conversations().keepsElsewhere(path, lease))
                machines.recovery()
                        .contradicted(
                                link,
                                path,
                                "it has to keep %s for a conversation that is open, and says in another that it does not have it"
                                        .formatted(path));
    }

    private boolean isExpectedThere(StorePath path) {
        return known.isOn(machine, path);
    }

    private ClosureCopier.Helper helper() {
        var fork = inputs.fork();
        return new ClosureCopier.Helper() {
            @Override
            public void run(ClosureCopier.Errand errand) throws IOException, InterruptedException {
                var conversation = link.conversations().lease(lease -> {
                    errand.run(lease.store(), new ReportedSource(fork, log, machine));
                    return lease;
                });
                conversation.lease().release();
            }

            @Override
            public void close() {
                fork.close();
            }
        };
    }
}
