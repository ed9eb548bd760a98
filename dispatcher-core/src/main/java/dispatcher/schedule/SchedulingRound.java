package dispatcher.schedule;

import static java.util.Objects.requireNonNull;

import dispatcher.schedule.MachineSelector.Choice;
import dispatcher.schedule.index.ClientQueue;
import dispatcher.schedule.index.ClientShare;
import dispatcher.schedule.index.Fleet;
import dispatcher.schedule.index.MachineSlots;
import dispatcher.schedule.index.RequirementQueue;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.Placing;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// One going through those who wait, in their order, to see who begins now: each is given in mind the machine that
/// should finish it first. If that machine is busy the build waits for it, and those behind count on that.
///
/// Pauses where the turn is a build's whose inputs were located long ago, and goes on when it is known where they
/// are by now: see [#unlocated].
///
/// Looks at no more builds that wait for a better machine than `lookAhead`; from then on a free slot is taken by
/// the next build that fits. Cost: one look at each tier for each build looked at. Used once, by the owner of the
/// scheduler.
final class SchedulingRound {
    /// Inputs are located anew after this time, for builds that wait and would have to copy at least this many bytes,
    /// and for at most this many builds in one plan.
    private static final long INPUTS_AGE = 10_000_000_000L;

    private static final long INPUTS_WORTH_IT = 1_000_000;
    private static final int MOST_LOCATED = 64;

    /// How many kinds of machines one plan looks at, free ones too. With very many kinds it looks less far ahead. For
    /// the number, see docs/BENCHMARKS.md.
    private static final int MOST_LOOKS = 700;

    private final long number;
    private final long now;
    private final Fleet fleet;
    private final Map<SchedulingKey, RequirementQueue> queues;
    private final SchedulerOptions options;
    private final long patience;
    private final double setUp;
    private final double totalDrain;
    private final MachineSelector chooser;
    private final PriorityQueue<ClientQueue> overdue = new PriorityQueue<>(ClientQueue.OVERDUE_TURNS);
    private final List<ClientTurns> clients = new ArrayList<>();
    private int held;
    private int located;

    private final PriorityQueue<ClientTurns> next = new PriorityQueue<>(ClientTurns.SHARES);

    /// Whether [#next] has been filled: only when those who have lost patience have had their turns, as those
    /// have had more of their share then.
    private boolean sharesHaveTurns;

    /// The turn at which it is to be found out first where the build's inputs are.
    private @Nullable Turn paused;
    private long wake = Long.MAX_VALUE;

    /// @param totalDrain seconds in which the whole fleet would do all that waits
    SchedulingRound(
            long number,
            long now,
            Fleet fleet,
            Map<SchedulingKey, RequirementQueue> queues,
            SchedulerOptions options,
            double totalDrain) {
        this.number = number;
        this.now = now;
        this.fleet = fleet;
        this.queues = queues;
        this.options = options;
        this.patience = options.patience().toNanos();
        this.setUp = Times.seconds(options.setUp());
        this.totalDrain = totalDrain;
        this.chooser = new MachineSelector(number, now, fleet, options, totalDrain);
    }

    /// Those take part who may go where a slot is free. Looked for by the free slots if those are few, else by who
    /// waits.
    private void gather() {
        int ways = 0;
        for (var tier : fleet.open()) ways += tier.countOfQueues();
        if (ways > queues.size()) {
            for (var queue : queues.values()) if (queue.isOpen()) takePart(queue);
        } else {
            for (var tier : fleet.open())
                for (var queue : tier.queues()) if (!queue.takesPartIn(number)) takePart(queue);
        }
    }

    private void takePart(RequirementQueue queue) {
        queue.beginPlan(number);
        queue.refresh(fleet.version());
        for (var ofClient : queue.clients()) {
            ofClient.beginPlan(number);
            if (ofClient.client().beginPlan(number, clients.size())) clients.add(new ClientTurns(ofClient.client()));
            enqueue(ofClient);
        }
    }

    /// Lets it have a turn, if one of it is left that has had none.
    private void enqueue(ClientQueue queue) {
        if (!queue.look(now, patience, totalDrain, mayLookFurther())) return;
        if (queue.headIsOverdue()) overdue.add(queue);
        else turnsOf(queue.client()).add(queue);
    }

    private ClientTurns turnsOf(ClientShare client) {
        return clients.get(client.planIndex());
    }

    /// When the plan should be made anew if nothing happens; `Long.MAX_VALUE` if nobody waits for a better machine.
    long wake() {
        return wake;
    }

    /// What begins a build on a machine, which counts from then on.
    interface Starter {
        void start(WaitingBuild build, MachineSlots slots, Placement placement);
    }

    /// Whose turn it is as soon as it is known where its inputs are by now; null if the round is over.
    @Nullable
    WaitingBuild unlocated() {
        return paused == null ? null : paused.build;
    }

    /// To be called until [#unlocated] is null, each time with nothing changed since the last time but the inputs of
    /// that build. Does nothing as long as these have not been located.
    void carryOut(Starter starter) {
        if (paused == null) gather();
        else if (wasLocatedLongAgo(paused.build)) return;
        else goOn(starter);
        if (!sharesHaveTurns) {
            while (paused == null && fleet.isOpen() && !overdue.isEmpty()) {
                var queue = overdue.remove();
                if (queue.client().mayRunMore()) take(queue, starter);
            }
            if (paused != null) return;
            sharesHaveTurns = true;
            for (var client : clients) if (client.hasNextQueue()) next.add(client);
        }
        while (paused == null && fleet.isOpen() && !next.isEmpty()) {
            var client = next.remove();
            if (!client.share().mayRunMore()) continue;
            if (!client.hasNextQueue() || (!mayLookFurther() && client.hasPutOff()))
                takePutOff(client.nextPutOff(), starter);
            else take(client.nextQueue(), starter);
            if (paused == null && client.hasNext()) next.add(client);
        }
    }

    private void goOn(Starter starter) {
        var turn = requireNonNull(paused);
        paused = null;
        located++;
        carryOut(turn, chooser.choose(turn.build, turn.need, turn.mayHold), starter);
        var client = turnsOf(turn.build.client());
        if (sharesHaveTurns && client.hasNext()) next.add(client);
    }

    /// The turn of one build.
    ///
    /// @param need            those that may go to the same machines
    /// @param ofClient        that it is the head of; null if it has been put off before
    /// @param hasLostPatience whether it goes before all others
    /// @param mayHold         whether it may wait for a busy machine
    private record Turn(
            WaitingBuild build,
            RequirementQueue need,
            @Nullable ClientQueue ofClient,
            boolean hasLostPatience,
            boolean mayHold) {}

    private void take(ClientQueue queue, Starter starter) {
        // Those behind a look that is far enough ahead: long builds are left for better machines from then on.
        if (!mayLookFurther()) queue.look(now, patience, totalDrain, false);
        var build = queue.head();
        boolean overdue = queue.headIsOverdue();
        choose(new Turn(build, queue.queue(), queue, overdue, !overdue && mayHold(build)), starter);
    }

    private void takePutOff(WaitingBuild build, Starter starter) {
        var need = queues.get(build.need());
        if (need != null) choose(new Turn(build, need, null, false, mayHold(build)), starter);
    }

    /// While it waited, others may have brought its inputs somewhere: then it waits until that is known.
    private void choose(Turn turn, Starter starter) {
        var choice = chooser.choose(turn.build, turn.need, turn.mayHold);
        if (choice != null
                && choice.placement().copyBytes() >= INPUTS_WORTH_IT
                && located < MOST_LOCATED
                && wasLocatedLongAgo(turn.build)) paused = turn;
        else carryOut(turn, choice, starter);
    }

    private boolean wasLocatedLongAgo(WaitingBuild build) {
        return build.wasLocatedBefore(now - INPUTS_AGE);
    }

    private void carryOut(Turn turn, @Nullable Choice choice, Starter starter) {
        if (turn.ofClient == null) carryOutPutOff(turn.build, choice, starter);
        else carryOutHead(turn, turn.ofClient, choice, starter);
    }

    /// If no machine takes it, its queue has no more turns.
    private void carryOutHead(Turn turn, ClientQueue queue, @Nullable Choice choice, Starter starter) {
        var build = turn.build;
        boolean overdue = turn.hasLostPatience;
        if (choice == null) {
            if (overdue) keepAMachineFor(build, turn.need);
            return;
        }
        build.lookedAt(number);
        boolean far = !mayLookFurther();
        var instead = overdue || !mayWait(build) ? null : chooser.insteadOfSlow(build, turn.need, choice, far);
        // Those behind are no shorter.
        if (instead != null && (far || !mayLookFurther())) return;
        if (instead == null
                && !overdue
                && options.hold()
                && mayLookFurther()
                && choice.now() != null
                && Placing.copiesLong(choice.placement(), setUp)) {
            held++;
            turnsOf(build.client()).putOff(build);
        } else {
            begin(build, instead == null ? choice : instead, starter);
        }
        enqueue(queue);
    }

    /// A build that has let those of the same client go first that need not copy for long. What is on its way to the
    /// same machine goes first as well: if more was sent at the same time, it would come no sooner.
    private void carryOutPutOff(WaitingBuild build, @Nullable Choice choice, Starter starter) {
        if (choice == null) return;
        var slots = choice.now();
        if (slots != null && waitsForLink(slots, choice.placement()))
            wake = Math.min(wake, Times.after(now, slots.linkBusy(now)));
        else begin(build, choice, starter);
    }

    /// Whether a build had better let go first what is on its way to a machine.
    boolean waitsForLink(MachineSlots slots, Placement placement) {
        return options.hold()
                && Placing.copiesLong(placement, setUp)
                && !Placing.hasRoomForLongCopies(slots.linkBusy(now));
    }

    /// Begins it, or keeps a slot in mind for it.
    private void begin(WaitingBuild build, Choice choice, Starter starter) {
        planUse(build.client(), choice.placement().copy() + choice.placement().build());
        var slots = choice.now();
        if (slots == null) {
            hold(choice);
            return;
        }
        build.client().planOneMore();
        starter.start(build, slots, choice.placement());
    }

    /// What a raised build takes counts to the usual turns of its client too, which may have to come later for that.
    private void planUse(ClientShare client, double seconds) {
        var owner = client.owner();
        boolean comesLater = owner != client && owner.takesPartIn(number) && next.remove(turnsOf(owner));
        client.planUse(seconds);
        if (comesLater) next.add(turnsOf(owner));
    }

    private boolean mayLookFurther() {
        return held < options.lookAhead() && chooser.looks() < MOST_LOOKS;
    }

    /// One that has been lost before has waited enough.
    private boolean mayHold(WaitingBuild build) {
        return mayWait(build) && mayLookFurther();
    }

    private boolean mayWait(WaitingBuild build) {
        return options.hold() && build.need().excludesNone();
    }

    /// The machine that a build would get if nobody else waited; empty if it would wait.
    Optional<String> chosenFor(WaitingBuild build, RequirementQueue need) {
        need.refresh(fleet.version());
        var choice = chooser.choose(build, need, mayHold(build));
        if (choice == null || choice.now() == null) return Optional.empty();
        if (mayWait(build) && chooser.insteadOfSlow(build, need, choice, true) != null) return Optional.empty();
        if (waitsForLink(choice.now(), choice.placement())) return Optional.empty();
        return Optional.of(choice.now().name());
    }

    Placement place(WaitingBuild build, MachineSlots slots, long start, boolean spared) {
        return chooser.place(build, slots, start, spared);
    }

    /// Those behind are to count on it.
    private void hold(Choice later) {
        held++;
        wake = Math.min(wake, Times.after(now, Math.max(1, later.placement().untilStart())));
        long end = Times.after(now, later.placement().finish());
        requireNonNull(later.later()).reserve(number, now, end);
        var slots = fleet.machine(later.placement().machine());
        if (slots != null) slots.reserve(number, now, end);
    }

    /// A build that takes resources might else wait for ever for enough of them to be free at once.
    private void keepAMachineFor(WaitingBuild build, RequirementQueue need) {
        if (build.need().resources().isEmpty() || build.isKeeper()) return;
        MachineSlots best = null;
        for (var way : need.ways())
            for (var slots : way.tier().machines()) {
                if (slots.isKept() || slots.capacity() == 0) continue;
                if (build.need().excludes(slots.name())) continue;
                if (best == null || slots.firstFree(now) < best.firstFree(now)) best = slots;
            }
        if (best != null) fleet.keep(best, build);
    }
}
