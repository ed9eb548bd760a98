package dispatcher.schedule;

import dispatcher.machine.Machine;
import dispatcher.schedule.index.ClientShare;
import dispatcher.schedule.index.Fleet;
import dispatcher.schedule.index.MachineSlots;
import dispatcher.schedule.index.RequirementQueue;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import dispatcher.schedule.policy.Turns;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Decides which build goes where and when. Knows builds that wait, builds that run, and machines. It gets events,
/// and answers with decisions. Has no clock, no thread and no lock: events carry their time, so the service and the
/// simulator run the same code.
///
/// Order: who has lost patience, by age; then priority; then the client that has had the least; then who can go
/// to the fewest machines; then the longest expected path of what is still to come, where that takes as long as
/// all that waits; then the shortest; then age. Each in turn goes to the machine that should finish it first,
/// which may be one that is busy still.
///
/// No build waits for ever: one that has waited for `schedule.firstAfterWaiting` gets the next slot that it can
/// use, after those that have waited longer.
///
/// Cost of a decision: builds looked at (at most `lookAhead`, and those that begin) x kinds of machines that they
/// may go to, and a logarithm of those who wait. About 600 bytes for each build that waits, without its request.
public final class Scheduler {
    private SchedulerOptions options;
    private final Fleet fleet = new Fleet();
    private final Map<SchedulingKey, RequirementQueue> queues = new LinkedHashMap<>();
    private final Map<Client, ClientShare> clients = new LinkedHashMap<>();
    private final Set<WaitingBuild> hopeless = new LinkedHashSet<>();

    /// Those with a slot of a machine that is not up yet, which others may take from there.
    private final Set<RunningBuild> unsettled = new LinkedHashSet<>();

    private long builds;
    private long plans;
    private int waiting;
    private double work;
    private long wake = Long.MAX_VALUE;

    /// The round that is not over until it is known where the inputs of a build are. Dropped when anything changes.
    private @Nullable SchedulingRound paused;

    /// Whether a machine that builds of this plan had to pass by is not kept for another build any more.
    private boolean keepsLess;

    /// @param machines of which nothing is known but this
    public Scheduler(Collection<Machine> machines, SchedulerOptions options) {
        this.options = options;
        fleet.replace(machines.stream().map(MachineSnapshot::asConfigured).toList());
    }

    // ---- builds

    /// Takes a build into the queue. What becomes of it comes out of [#decide].
    ///
    /// @param excluded names of machines that it must not go to
    /// @param since    when it was first wanted, which is earlier than now if it has been lost before
    public WaitingBuild submit(BuildRequest request, Set<String> excluded, Instant since) {
        return submit(request, excluded, since, false);
    }

    /// @param inputsMove whether its inputs may come to other machines while it waits, so that [#unlocated] may ask for
    ///     them
    public WaitingBuild submit(BuildRequest request, Set<String> excluded, Instant since, boolean inputsMove) {
        var client = clients.computeIfAbsent(request.client(), ClientShare::new);
        if (!client.isActive()) client.comeBack(Turns.startOf(client.used(), leastUsed()));
        return add(request, SchedulingKey.of(request, excluded), client, Times.nanos(since), inputsMove);
    }

    /// Puts a build that waits before those of any priority. It begins even if its client may have no more builds run;
    /// but what it takes is its client's, as if it had not been raised.
    ///
    /// @return what waits in its place
    public WaitingBuild raise(WaitingBuild build, boolean inputsMove) {
        if (!build.isWaiting())
            throw new IllegalArgumentException(
                    "%s does not wait".formatted(build.request().drvPath()));
        leave(build);
        hopeless.remove(build);
        var request = build.request().withClient(build.client().owner().client().raised());
        return add(request, build.need(), build.client().owner().raised(), build.sinceNanos(), inputsMove);
    }

    private WaitingBuild add(
            BuildRequest request, SchedulingKey need, ClientShare client, long since, boolean inputsMove) {
        paused = null;
        client.addWaiting(1);
        waiting++;
        var queue = queues.computeIfAbsent(need, this::newQueue);
        var build = new WaitingBuild(request, queue.need(), client, since, builds++, inputsMove);
        work += build.expectedSeconds();
        queue.add(build);
        if (!queue.isPossible()) hopeless.add(build);
        return build;
    }

    private RequirementQueue newQueue(SchedulingKey need) {
        var queue = new RequirementQueue(need);
        fleet.attach(queue);
        return queue;
    }

    /// Of the clients that wait or build; infinite if there are none.
    private double leastUsed() {
        double least = Double.POSITIVE_INFINITY;
        for (var client : clients.values()) if (client.isActive()) least = Math.min(least, client.used());
        return least;
    }

    /// Nobody wants it any more. Nothing happens if it waits no longer.
    public void cancel(WaitingBuild build) {
        if (!build.isWaiting()) return;
        paused = null;
        leave(build);
        hopeless.remove(build);
        forgetIfIdle(build.client());
    }

    private void leave(WaitingBuild build) {
        build.leave();
        build.client().addWaiting(-1);
        waiting--;
        work = waiting == 0 ? 0 : Math.max(0, work - build.expectedSeconds());
        fleet.stopKeeping(build);
        var queue = queues.get(build.need());
        if (queue == null) return;
        queue.remove(build);
        if (!queue.isEmpty()) return;
        queues.remove(build.need());
        fleet.detach(queue);
    }

    /// A build has ended or was lost; its slot is free. A second time does nothing.
    public void finished(RunningBuild running, Instant at) {
        if (running.hasEnded()) return;
        paused = null;
        end(running, Times.nanos(at));
        forgetIfIdle(running.build().client());
    }

    private void end(RunningBuild running, long now) {
        running.end();
        unsettled.remove(running);
        fleet.end(running);
        var client = running.build().client();
        client.addRunning(-1);
        // It was charged with what was expected; now it is known what it was.
        client.charge((now - running.expectedEnd()) / Times.SECOND);
    }

    /// A build begins where it has a slot: it goes nowhere else from now on.
    public void settle(RunningBuild running) {
        unsettled.remove(running);
    }

    /// Idleness earns no credit and costs none: who comes back starts where the others are then. Who has had more
    /// than they have must not be forgotten before they have caught up; when nobody builds, nobody is to catch
    /// up.
    private void forgetIfIdle(ClientShare client) {
        if (client.owner().isActive()) return;
        double least = leastUsed();
        clients.values().removeIf(other -> !other.isActive() && other.used() <= least);
    }

    // ---- machines

    /// Makes these the machines. What runs on one that is not among them goes on there. A snapshot that is earlier than
    /// what is known of its machine only says that there is that machine.
    public void replace(Collection<MachineSnapshot> machines) {
        paused = null;
        fleet.replace(machines);
        findHopeless();
    }

    private void findHopeless() {
        hopeless.clear();
        for (var queue : queues.values()) if (!queue.isPossible()) hopeless.addAll(queue.builds());
    }

    /// How builds take their turns from the next decision on.
    public void changeOptions(SchedulerOptions newOptions) {
        paused = null;
        options = newOptions;
    }

    /// What is known of one machine now. Ignored if there is no such machine, or if what is known of it is later.
    public void update(MachineSnapshot latest) {
        var slots = fleet.machine(latest.name());
        if (slots == null || slots.isGone()) return;
        var known = slots.snapshot();
        if (latest.isEarlierThan(known)) return;
        if (!latest.saysTheSameAs(known)) paused = null;
        fleet.update(slots, latest);
        if (!latest.machine().equals(known.machine())) findHopeless();
    }

    // ---- decisions

    /// The builds that have a slot from `at` on, and those that no machine fits. To be asked after all that happens,
    /// and at [#wakeAt]. These are not all as long as [#unlocated] says so.
    public List<Decision> decide(Instant at) {
        var decisions = new ArrayList<Decision>();
        for (var build : List.copyOf(hopeless)) {
            cancel(build);
            decisions.add(new Decision.Impossible(build, fleet.objections(build.need())));
        }
        long now = Times.nanos(at);
        do {
            do {
                if (paused == null) keepsLess = false;
                plan(now, decisions);
            } while (keepsLess && paused == null);
        } while (!unsettled.isEmpty() && paused == null && moveToEarlierSlots(now, decisions));
        return decisions;
    }

    /// Builds that wait for a machine to start go where a slot is left that nobody takes who waits for a slot.
    ///
    /// @return whether one did, so that others may have what it had
    private boolean moveToEarlierSlots(long now, List<Decision> decisions) {
        boolean any = false;
        for (var held : List.copyOf(unsettled)) {
            if (!EarlierSlotFinder.isWorthALook(fleet)) break;
            var at = fleet.machine(held.machine().name());
            if (at == null || at.isUp()) continue;
            var chooser = new MachineSelector(++plans, now, fleet, options, 0);
            var placement = new EarlierSlotFinder(fleet, chooser, now).find(held.build(), at);
            if (placement == null) continue;
            var slots = Objects.requireNonNull(fleet.machine(placement.machine()));
            end(held, now);
            decisions.add(new Decision.Moved(held, start(held.build(), slots, placement, now), placement));
            any = true;
        }
        return any;
    }

    /// The build whose turn it is in what [#decide] has decided last, but whose inputs were located long ago:
    /// they are to be looked up now, without any lock, and [#located] and [#decide] to be called. If anything
    /// else happens meanwhile, the next decision begins anew.
    public Optional<WaitingBuild> unlocated() {
        return paused == null ? Optional.empty() : Optional.ofNullable(paused.unlocated());
    }

    /// Where the inputs of a build are by now.
    public void located(WaitingBuild build, Inputs inputs, Instant at) {
        build.located(inputs, Times.nanos(at));
    }

    private void plan(long now, List<Decision> decisions) {
        var plan = paused == null ? newRound(now) : paused;
        var begun = new ArrayList<WaitingBuild>();
        plan.carryOut((build, slots, placement) -> {
            begun.add(build);
            decisions.add(new Decision.Assigned(start(build, slots, placement, now), placement));
        });
        for (var build : begun) leave(build);
        wake = plan.wake();
        paused = plan.unlocated() == null ? null : plan;
    }

    private SchedulingRound newRound(long now) {
        double capacity = fleet.capacity();
        return new SchedulingRound(++plans, now, fleet, queues, options, capacity > 0 ? work / capacity : 0);
    }

    private RunningBuild start(WaitingBuild build, MachineSlots slots, Placement placement, long now) {
        double seconds = placement.copy() + placement.build();
        double sending = placement.copyBytes() / slots.facts().bandwidth();
        long begin = placement.boot() > 0 ? Times.after(now, placement.boot()) : now;
        var running = new RunningBuild(build, slots.machine(), now, begin, Times.after(begin, seconds), sending);
        if (!slots.isUp()) unsettled.add(running);
        fleet.stopKeeping(build);
        var client = build.client();
        client.addRunning(1);
        client.charge(seconds);
        fleet.start(running);
        // What is kept for builds that may not begin would only stand idle.
        var owner = client.owner();
        if (owner.isFull()) keepsLess |= fleet.stopKeepingFor(owner);
        return running;
    }

    /// Begins a build a second time while it runs, if there is a slot for that which nobody who waits
    /// could use, on a machine that is clearly faster, or on any other if the machine where it runs
    /// does badly. It holds that slot like any build, and counts to what its client has.
    ///
    /// @param excluded names of machines that it must not go to, beside the one where it is
    /// @param inputs   where its inputs are by now
    public Optional<Decision.Assigned> startAgain(RunningBuild slow, Set<String> excluded, Inputs inputs, Instant at) {
        var client = slow.build().client();
        // All that it waits for may have to run before either ends.
        if (slow.hasEnded()
                || client.running() + client.waiting() >= client.client().maxBuilds()) return Optional.empty();
        var elsewhere = new HashSet<>(excluded);
        elsewhere.add(slow.machine().name());
        paused = null;
        var request = slow.build().request().withInputs(inputs);
        var need = SchedulingKey.of(request, elsewhere);
        var again = new WaitingBuild(request, need, client, slow.build().sinceNanos(), builds++, false);
        again.leave();
        long now = Times.nanos(at);
        var chooser = new MachineSelector(++plans, now, fleet, options, 0);
        var placement = new SpeculativeSlotFinder(fleet, chooser, slow, again, now).find();
        if (placement == null) return Optional.empty();
        var slots = Objects.requireNonNull(fleet.machine(placement.machine()));
        return Optional.of(new Decision.Assigned(start(again, slots, placement, now), placement));
    }

    /// When [#decide] should be asked even if nothing happens until then.
    public Optional<Instant> wakeAt() {
        return wake == Long.MAX_VALUE ? Optional.empty() : Optional.of(Times.instant(wake));
    }

    // ---- views

    public int waitingBuilds() {
        return waiting;
    }

    /// All machines, in the order in which they came. Cost: one look at each.
    public List<MachineView> machines() {
        return fleet.machines().stream().map(MachineView::of).toList();
    }

    /// All who wait, and what each may expect. Cost: sorts all who wait.
    public List<QueuePosition> standings(Instant now) {
        for (var queue : queues.values()) queue.refresh(fleet.version());
        return QueuePosition.of(queues.values(), Times.nanos(now));
    }

    /// What would be chosen for a build that came now, and why not the others. Cost: one look at each machine.
    public Explanation explain(BuildRequest request, Set<String> excluded, Instant now) {
        paused = null;
        return Explanation.of(fleet, options, request, excluded, ++plans, Times.nanos(now));
    }
}
