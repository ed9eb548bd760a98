package dispatcher.simulate.policy;

import dispatcher.simulate.model.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Nix's build hook. Each client has a worker loop of one thread, which asks for one build at a time, in the order of
/// names, and stands still until the machine has answered. Builds without a slot are asked for again only at the next
/// poll, all together. A machine that does not answer is passed over until the next build has been accepted, and then
/// tried again. A build that is lost has failed.
///
/// Slots are those of one coordinator, which all clients share. Two simplifications favour Nix: the answer that all
/// slots are taken costs no time here, and builds wait for each other's uploads without a time limit.
/// Source: Nix at 88b09c64fb, `src/nix/build-remote/build-remote.cc`, `src/libstore/build/worker.cc`,
/// `src/libstore/build/derivation-building-goal.cc`.
public final class NixContestant implements Contestant {
    static final Duration POLL = Duration.ofSeconds(5);

    /// 47 ms for the hook's process and 230 ms for an SSH login, as measured with Nix 2.8 on loopback.
    private static final Rules RULES = new Rules(Duration.ofMillis(277), true, true, false);

    private final Plan plan;
    private final Slots slots;
    private final List<Worker> workers = new ArrayList<>();
    private final List<Integer> declined = new ArrayList<>();

    public NixContestant(Plan plan) {
        this.plan = plan;
        this.slots = new Slots(plan);
        for (int i = 0; i < plan.scenario().clients().size(); i++) workers.add(new Worker());
    }

    /// The loop of one client.
    private final class Worker {
        private final TreeSet<Integer> awake = new TreeSet<>(
                Comparator.comparing((Integer job) -> plan.job(job).name()).thenComparing(job -> job));
        private final List<Integer> postponed = new ArrayList<>();
        /// Machines that did not answer the hook process that is running now.
        private final BitSet disabled = new BitSet();
        private @Nullable Instant poll;
        private boolean connecting;
        private OptionalInt again = OptionalInt.empty();
        /// Builds that it was asked for and that have not ended.
        private final Set<Integer> open = new HashSet<>();

        /// The first build of a run comes with a process of its own.
        void add(int job) {
            if (open.isEmpty()) {
                disabled.clear();
                poll = null;
            }
            open.add(job);
            awake.add(job);
        }

        List<Start> ask(Instant now) {
            if (poll != null && !connecting && !now.isBefore(poll)) wake(now);
            while (!connecting) {
                int job;
                if (again.isPresent()) job = again.getAsInt();
                else if (!awake.isEmpty()) job = awake.removeFirst();
                else break;
                again = OptionalInt.empty();
                var host = choose(job, disabled);
                if (host.isPresent()) {
                    connecting = true;
                    slots.take(host.getAsInt());
                    return List.of(new Start(job, host.getAsInt(), "least loaded for its speed"));
                }
                if (isAnyLeft(job, disabled)) postpone(job, now);
                else decline(job);
            }
            return List.of();
        }

        private void postpone(int job, Instant now) {
            postponed.add(job);
            if (poll == null) poll = now.plus(POLL);
        }

        /// Where no machine of the right kind is left, the hook declines, and what cannot be built here has failed.
        private void decline(int job) {
            open.remove(job);
            declined.add(job);
        }

        private void wake(Instant now) {
            awake.addAll(postponed);
            poll = postponed.isEmpty() ? null : now.plus(POLL);
            postponed.clear();
        }
    }

    private boolean isAnyLeft(int job, BitSet disabled) {
        var left = (BitSet) plan.fitting(job).clone();
        left.andNot(disabled);
        return !left.isEmpty();
    }

    /// The lowest load for its speed; then the faster one; then the one with fewer builds; then the first.
    private OptionalInt choose(int job, BitSet disabled) {
        int best = -1;
        var fitting = plan.fitting(job);
        for (int host = fitting.nextSetBit(0); host >= 0; host = fitting.nextSetBit(host + 1))
            if (!disabled.get(host) && slots.isFree(host) && (best < 0 || isBetter(host, best))) best = host;
        return best < 0 ? OptionalInt.empty() : OptionalInt.of(best);
    }

    private boolean isBetter(int one, int other) {
        int byLoad = Double.compare(load(one), load(other));
        if (byLoad != 0) return byLoad < 0;
        int bySpeed = Double.compare(slots.speed(one), slots.speed(other));
        return bySpeed != 0 ? bySpeed > 0 : slots.taken(one) < slots.taken(other);
    }

    private double load(int host) {
        return slots.taken(host) / slots.speed(host);
    }

    private Worker worker(int job) {
        return workers.get(plan.client(job));
    }

    @Override
    public Rules rules() {
        return RULES;
    }

    @Override
    public void asked(int job, Instant now) {
        worker(job).add(job);
    }

    @Override
    public List<Start> decide(Instant now) {
        var starts = new ArrayList<Start>();
        for (var worker : workers) starts.addAll(worker.ask(now));
        return starts;
    }

    @Override
    public Optional<Instant> wakeAt(Instant now) {
        return workers.stream()
                .flatMap(worker -> Optional.ofNullable(worker.connecting ? null : worker.poll).stream())
                .map(poll -> now.isAfter(poll) ? now : poll)
                .min(Comparator.naturalOrder());
    }

    @Override
    public void connected(Start start, Instant now) {
        var worker = worker(start.job());
        worker.connecting = false;
        worker.disabled.clear();
    }

    /// The same process picks again.
    @Override
    public boolean unreachable(Start start, Instant now) {
        var worker = worker(start.job());
        worker.connecting = false;
        worker.disabled.set(start.host());
        worker.again = OptionalInt.of(start.job());
        return true;
    }

    @Override
    public boolean lost(Start start, Instant now) {
        worker(start.job()).open.remove(start.job());
        return false;
    }

    @Override
    public List<Integer> declined() {
        var all = List.copyOf(declined);
        declined.clear();
        return all;
    }

    @Override
    public void built(Start start, Instant now) {
        worker(start.job()).open.remove(start.job());
    }

    @Override
    public void released(Start start, Instant now) {
        slots.release(start.host());
    }
}
