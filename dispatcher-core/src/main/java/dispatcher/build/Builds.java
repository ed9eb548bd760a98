package dispatcher.build;

import dispatcher.access.ClientIdentity;
import dispatcher.build.control.BuildControls;
import dispatcher.build.placement.FleetCensus;
import dispatcher.build.request.BuildRequestFactory;
import dispatcher.build.request.Foresight;
import dispatcher.build.request.Prospect;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Inputs;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// Runs builds. It holds what builds share: the queue, the turns of equal builds, and which client asks for what. Safe
/// for any thread.
public final class Builds {
    private final BuildEnvironment environment;
    private final BuildQueue queue;
    private final BuildRequestFactory requests;
    private final Foresight foresight;
    private final InstantSource clock;
    private final EqualBuilds equalBuilds = new EqualBuilds();
    private final Askers askers = new Askers();
    private final FleetCensus census;
    private final BuildControls controls = new BuildControls();
    private final AtomicLong number = new AtomicLong();
    private volatile RetryPolicy policy;
    private volatile boolean stopping;

    /// @param requests  what the scheduler gets to know of a build
    /// @param foresight learns what clients ask for
    public Builds(
            BuildEnvironment environment,
            BuildQueue queue,
            BuildRequestFactory requests,
            Foresight foresight,
            RetryPolicy policy,
            InstantSource clock) {
        this.environment = environment;
        this.queue = queue;
        this.requests = requests;
        this.foresight = foresight;
        this.policy = policy;
        this.clock = clock;
        this.census = new FleetCensus(environment.machines()::snapshots, environment.nanoTime());
    }

    /// Runs a build to its end, on the caller's thread, which alone writes to the client. An infrastructure fault is
    /// in the outcome only when no machine is left.
    ///
    /// @throws InterruptedException if the client has left; nothing is held for it then
    public BuildOutcome run(BuildOrder order) throws InterruptedException {
        return new BuildRun(this, order).run();
    }

    /// What the scheduler would get to know of a build.
    ///
    /// @param derivation its inputs are a closure
    /// @throws dispatcher.nix.NixSyntaxException if attributes of the derivation cannot be read
    public Prospect prospect(StorePath drvPath, BasicDerivation derivation) {
        return requests.prospect(drvPath, derivation, environment.machines().machines());
    }

    /// Refuses builds from now on, those too that wait for a machine.
    public void stop() {
        stopping = true;
        environment.machines().recovery().endWaiting();
    }

    /// Whether builds are refused, as the dispatcher ends.
    public boolean isStopping() {
        return stopping;
    }

    /// For builds that begin from now on.
    public void change(RetryPolicy newPolicy) {
        policy = newPolicy;
    }

    public RetryPolicy policy() {
        return policy;
    }

    /// How builds that wait or run are stopped.
    public BuildControls controls() {
        return controls;
    }

    BuildEnvironment environment() {
        return environment;
    }

    BuildQueue queue() {
        return queue;
    }

    Foresight foresight() {
        return foresight;
    }

    EqualBuilds equalBuilds() {
        return equalBuilds;
    }

    FleetCensus census() {
        return census;
    }

    Askers askers() {
        return askers;
    }

    Instant now() {
        return clock.instant();
    }

    long nextNumber() {
        return number.incrementAndGet();
    }

    /// @throws dispatcher.nix.NixSyntaxException if attributes of the derivation cannot be read
    BuildRequest request(StorePath drvPath, BasicDerivation derivation, ClientIdentity client) {
        return requests.of(drvPath, derivation, client, environment.machines().machines());
    }

    /// Locates a build's inputs anew at each call. A call returns at once; only creating the supplier goes through
    /// all inputs.
    Supplier<Inputs> locating(Collection<StorePath> inputs) {
        var largest = requests.largest(inputs);
        return () -> requests.located(largest);
    }
}
