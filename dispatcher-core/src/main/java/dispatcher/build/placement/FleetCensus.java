package dispatcher.build.placement;

import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.Placement;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Accounts for placements without the scheduler and its lock. Safe for any thread.
///
/// Cost: to look at all machines takes at most a hundredth of the time, however many builds are placed; what is then
/// known serves all builds until the next look. Beside that, a build costs a look at each group of machines that
/// are alike, at most [#MOST_GROUPS].
public final class FleetCensus {
    /// Groups that are looked at for one build. The machines of others are counted as not looked at.
    static final int MOST_GROUPS = 500;

    private static final long PART_OF_TIME = 100;

    private final Supplier<Collection<MachineSnapshot>> machines;
    private final LongSupplier nanoTime;
    private final SlotCount taken = new SlotCount();
    private final ReentrantLock looking = new ReentrantLock();
    private volatile Optional<Look> last = Optional.empty();

    /// @param until when there may be another one
    private record Look(FleetPicture picture, long until) {}

    /// What is asked.
    ///
    /// @param excluded names of machines that it must not go to, as it has been lost there
    /// @param inputs   where they are by now
    /// @param setUp    of each build, before it begins
    public record Question(
            Placement chosen, BuildRequest request, Set<String> excluded, Inputs inputs, Duration setUp) {
        public Question {
            excluded = Set.copyOf(excluded);
        }
    }

    /// @param machines a look at each
    public FleetCensus(Supplier<Collection<MachineSnapshot>> machines, LongSupplier nanoTime) {
        this.machines = machines;
        this.nanoTime = nanoTime;
    }

    /// What builds have taken, to be kept up to date by those who hold slots.
    public SlotCount taken() {
        return taken;
    }

    public PlacementAccount account(Question question) {
        var picture = picture();
        var request = question.request();
        if (request.machine().isPresent()) {
            var only = "the build is for machine %s only"
                    .formatted(request.machine().get());
            var tally = new ObjectionTally();
            tally.add(
                    only,
                    picture.size()
                            - (picture.member(question.chosen().machine()).isPresent() ? 1 : 0));
            return new PlacementAccount(question.chosen(), List.of(), 0, tally.counts());
        }
        return new PlacementSurvey(picture, question).account();
    }

    /// Not older than a hundred times as long as it takes to make one.
    private FleetPicture picture() {
        var known = last;
        if (known.isPresent() && isGood(known.get())) return known.get().picture();
        if (known.isPresent() && !looking.tryLock()) return known.get().picture();
        if (known.isEmpty()) looking.lock();
        try {
            var now = last;
            if (now.isPresent() && isGood(now.get())) return now.get().picture();
            long begun = nanoTime.getAsLong();
            var made = new FleetPicture(machines.get(), taken);
            long ended = nanoTime.getAsLong();
            last = Optional.of(new Look(made, ended + (ended - begun) * PART_OF_TIME));
            return made;
        } finally {
            looking.unlock();
        }
    }

    private boolean isGood(Look look) {
        return nanoTime.getAsLong() - look.until() < 0;
    }
}
