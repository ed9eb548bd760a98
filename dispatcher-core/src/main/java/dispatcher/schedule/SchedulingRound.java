package dispatcher.schedule;

import static java.util.Objects.requireNonNull;

import dispatcher.schedule.MachineSelector.Choice;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.schedule.policy.Times;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One going through those who wait, in their order, to see who begins now: each is given in mind the machine that
/// should finish it first. If that machine is busy the build waits for it, and those behind reckon with that.
///
/// Pauses where the turn is a build's whose inputs were located long ago, and goes on when it is known where they are
/// by now: see [#unlocated].
///
/// Looks at no more builds that wait for a better machine than `lookAhead`; from then on a free slot is
/// taken by the next build that fits.
/// Cost: one look at each tier for each build looked at. Used once, by whoever owns the scheduler.
final class SchedulingRound {
    private static final Comparator<ClientShare> SHARES = Comparator.<ClientShare>comparingInt(
                    share -> -share.client.priority())
            .thenComparingDouble(share -> share.planUsed)
            .thenComparing(share -> share.turns.isEmpty())
            .thenComparing(share -> share.turns.peek(), Comparator.nullsLast(ClientQueue.TURNS))
            .thenComparing(share -> share.client.name());

    /// Inputs are located anew after so long, while a build waits that would have to copy so many bytes, and for so many
    /// builds in one plan.
    private static final long INPUTS_AGE = 10_000_000_000L;

    private static final long INPUTS_WORTH_IT = 1_000_000;
    private static final int MOST_LOCATED = 64;

    /// Copying takes long if it takes more than this part of the building, and more seconds than this.
    private static final double LONG_COPY_PART = 0.1;

    private static final double LONG_COPY = 1;

    /// A link that is busy for longer has no room for a long copy.
    private static final double LINK_BUSY = 0.5;

    /// Looks at kinds of machines, free ones too. With very many kinds it is not looked so far ahead. Why so many is
    /// told in ADR 8.
    private static final int MOST_LOOKS = 700;

    private final long number;
    private final long now;
    private final Fleet fleet;
    private final Map<SchedulingKey, RequirementQueue> lines;
    private final SchedulerOptions options;
    private final long patience;
    private final double setUp;
    private final double totalDrain;
    private final MachineSelector chooser;
    private final PriorityQueue<ClientQueue> overdue = new PriorityQueue<>(ClientQueue.OVERDUE_TURNS);
    private final Set<ClientShare> clients = new LinkedHashSet<>();
    private int held;
    private int located;

    private final PriorityQueue<ClientShare> next = new PriorityQueue<>(SHARES);

    /// Whether [#next] has been filled: only when those who have lost patience have had their turns, as those have had
    /// more of their share then.
    private boolean sharesHaveTurns;

    /// The turn at which it is to be found out first where the build's inputs are.
    private @Nullable Turn paused;
    private long wake = Long.MAX_VALUE;

    /// @param totalDrain seconds in which the whole fleet would do all that waits
    SchedulingRound(
            long number,
            long now,
            Fleet fleet,
            Map<SchedulingKey, RequirementQueue> lines,
            SchedulerOptions options,
            double totalDrain) {
        this.number = number;
        this.now = now;
        this.fleet = fleet;
        this.lines = lines;
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
        for (var tier : fleet.open()) ways += tier.lines().size();
        if (ways > lines.size()) {
            for (var need : lines.values()) if (need.isOpen()) takePart(need);
        } else {
            for (var tier : fleet.open()) for (var need : tier.lines()) if (need.plan != number) takePart(need);
        }
    }

    private void takePart(RequirementQueue need) {
        need.beginPlan(number);
        need.reckon(fleet.version());
        for (var line : need.lines()) {
            line.beginPlan(number);
            enqueue(line);
        }
    }

    /// Lets it have a turn, if one of it is left that has had none.
    private void enqueue(ClientQueue line) {
        if (!line.look(now, patience, totalDrain, mayLookFurther())) return;
        if (line.headIsOverdue()) {
            overdue.add(line);
        } else {
            line.client.turns.add(line);
            clients.add(line.client);
        }
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
            while (paused == null && isOpen() && !overdue.isEmpty()) {
                var line = overdue.remove();
                if (line.client.mayRunMore()) take(line, starter);
            }
            if (paused != null) return;
            sharesHaveTurns = true;
            next.addAll(clients);
        }
        while (paused == null && isOpen() && !next.isEmpty()) {
            var client = next.remove();
            if (!client.mayRunMore()) continue;
            if (client.turns.isEmpty() || (!mayLookFurther() && !client.putOff.isEmpty())) takePutOff(client, starter);
            else take(client.turns.remove(), starter);
            if (paused == null && client.hasTurns()) next.add(client);
        }
    }

    private void goOn(Starter starter) {
        var turn = requireNonNull(paused);
        paused = null;
        located++;
        carryOut(turn, chooser.choose(turn.build, turn.need, turn.mayHold), starter);
        var client = turn.build.client;
        if (sharesHaveTurns && client.hasTurns()) next.add(client);
    }

    private boolean isOpen() {
        return !fleet.open().isEmpty();
    }

    /// The turn of one build.
    ///
    /// @param line       that it is the head of; null if it has been put off before
    /// @param hasLostPatience whether it goes before all others
    /// @param mayHold    whether it may wait for a busy machine
    private record Turn(
            WaitingBuild build,
            RequirementQueue need,
            @Nullable ClientQueue line,
            boolean hasLostPatience,
            boolean mayHold) {}

    private void take(ClientQueue line, Starter starter) {
        // Those behind a look that is far enough ahead: long builds are left for better machines from then on.
        if (!mayLookFurther()) line.look(now, patience, totalDrain, false);
        var build = line.head();
        boolean overdue = line.headIsOverdue();
        choose(new Turn(build, line.need, line, overdue, !overdue && mayHold(build)), starter);
    }

    private void takePutOff(ClientShare client, Starter starter) {
        var build = client.putOff.remove();
        var need = lines.get(build.need);
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
        if (turn.line == null) carryOutPutOff(turn.build, choice, starter);
        else carryOutHead(turn, turn.line, choice, starter);
    }

    /// If no machine takes it, its line has no more turns.
    private void carryOutHead(Turn turn, ClientQueue line, @Nullable Choice choice, Starter starter) {
        var build = turn.build;
        boolean overdue = turn.hasLostPatience;
        if (choice == null) {
            if (overdue) keepAMachineFor(build, line.need);
            return;
        }
        build.plan = number;
        boolean far = !mayLookFurther();
        var instead = overdue || !mayWait(build) ? null : chooser.insteadOfSlow(build, line.need, choice, far);
        // Those behind are no shorter.
        if (instead != null && (far || !mayLookFurther())) return;
        if (instead == null
                && !overdue
                && options.hold()
                && mayLookFurther()
                && choice.now() != null
                && copiesLong(choice.placement())) {
            held++;
            line.client.putOff.add(build);
        } else {
            begin(build, instead == null ? choice : instead, starter);
        }
        enqueue(line);
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
        return options.hold() && copiesLong(placement) && slots.linkBusy(now) > LINK_BUSY;
    }

    private boolean copiesLong(Placement placement) {
        double copy = placement.copy() - setUp;
        return copy > LONG_COPY && copy > LONG_COPY_PART * placement.build();
    }

    /// Begins it, or keeps a slot in mind for it.
    private void begin(WaitingBuild build, Choice choice, Starter starter) {
        build.client.planUsed += choice.placement().copy() + choice.placement().build();
        var slots = choice.now();
        if (slots == null) {
            hold(choice);
            return;
        }
        build.client.planRunning++;
        starter.start(build, slots, choice.placement());
    }

    private boolean mayLookFurther() {
        return held < options.lookAhead() && chooser.looks() < MOST_LOOKS;
    }

    /// Only a build that is known to take long enough is worth the wait; one that has been lost before has waited
    /// enough.
    private boolean mayHold(WaitingBuild build) {
        return mayWait(build) && mayLookFurther() && build.isKnown;
    }

    private boolean mayWait(WaitingBuild build) {
        return options.hold() && build.need.excluded().isEmpty();
    }

    /// The machine that a build would get if nobody else waited; empty if it would wait.
    Optional<String> chosenFor(WaitingBuild build, RequirementQueue need) {
        need.reckon(fleet.version());
        var choice = chooser.choose(build, need, mayHold(build));
        if (choice == null || choice.now() == null) return Optional.empty();
        if (mayWait(build) && chooser.insteadOfSlow(build, need, choice, true) != null) return Optional.empty();
        if (waitsForLink(choice.now(), choice.placement())) return Optional.empty();
        return Optional.of(choice.now().machine.name());
    }

    Placement place(WaitingBuild build, MachineSlots slots, long start, boolean spared) {
        return chooser.place(build, slots, start, spared);
    }

    /// Those behind are to reckon with it.
    private void hold(Choice later) {
        held++;
        wake = Math.min(wake, Times.after(now, Math.max(1, later.placement().untilStart())));
        long end = Times.after(now, later.placement().finish());
        later.tier().reserve(number, now, end);
        var slots = fleet.machine(later.placement().machine());
        if (slots != null) slots.reserve(number, now, end);
    }

    /// A build that takes resources might else wait for ever for enough of them to be free at once.
    private void keepAMachineFor(WaitingBuild build, RequirementQueue need) {
        if (build.need.resources().isEmpty() || build.keeps != null) return;
        MachineSlots best = null;
        for (var way : need.ways)
            for (var slots : way.tier.machines()) {
                if (slots.keptFor != null || slots.capacity() == 0) continue;
                if (build.need.excluded().contains(slots.machine.name())) continue;
                if (best == null || slots.firstFree(now) < best.firstFree(now)) best = slots;
            }
        if (best != null) fleet.keep(best, build);
    }
}
