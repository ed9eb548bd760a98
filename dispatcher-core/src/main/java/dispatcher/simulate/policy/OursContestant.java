package dispatcher.simulate.policy;

import static java.util.Objects.requireNonNull;

import dispatcher.machine.MachineHealth;
import dispatcher.schedule.Decision;
import dispatcher.schedule.Scheduler;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Work;
import dispatcher.simulate.model.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Our own scheduler, the very code that `serve` runs, behind Nix clients: each asks for one build at a time, in the
/// order of names, and is answered at once. A build that is lost goes to another machine.
///
/// It knows the speed and the bandwidth of the machines and what they are known to have, and for each build what the
/// history says of it and of what needs it.
public final class OursContestant implements Contestant {
    /// From one build of a client to its next: a hook's process and a request, as measured with Nix 2.8 on one host.
    static final Duration ASKING = Duration.ofMillis(50);

    /// A conversation with the machine is there already.
    private static final Rules RULES = new Rules(Duration.ofMillis(10), false, false, true);

    private final Plan plan;
    private final Situation situation;
    private final Scheduler scheduler;
    private final List<Front> fronts = new ArrayList<>();
    private final Map<String, Integer> hosts = new HashMap<>();

    /// Of each machine, what the scheduler got last.
    private final Map<String, MachineSnapshot> known = new LinkedHashMap<>();

    private final Duration assumed;
    private final Duration[] remaining;
    private final Map<WaitingBuild, Integer> numbers = new HashMap<>();
    private final Map<Integer, RunningBuild> running = new HashMap<>();
    private final Looks looks;
    private final Map<Integer, Losses> losses = new HashMap<>();
    private final Map<Integer, Instant> wanted = new HashMap<>();

    public OursContestant(Plan plan, Situation situation, RandomGenerator random) {
        this.looks = new Looks(random);
        this.plan = plan;
        this.situation = situation;
        var machines =
                plan.scenario().hosts().stream().map(host -> host.machine()).toList();
        this.scheduler = new Scheduler(machines, SchedulerOptions.DEFAULT);
        for (int host = 0; host < plan.hosts(); host++)
            hosts.put(plan.host(host).name(), host);
        for (var host : plan.scenario().hosts()) {
            var configured = MachineSnapshot.asConfigured(host.machine());
            var measured = configured.facts().withSpeed(host.speed()).withBandwidth(host.bandwidth());
            known.put(host.name(), configured.withFacts(measured));
        }
        known.values().forEach(scheduler::update);
        for (var client : plan.scenario().clients())
            fronts.add(new Front(new Client(client.name(), client.priority(), Integer.MAX_VALUE)));
        this.assumed = assumed(plan);
        this.remaining = remaining();
    }

    private Duration[] remaining() {
        var remaining = new Duration[plan.jobs()];
        var order = plan.order();
        for (int i = order.length - 1; i >= 0; i--) {
            var longest = Duration.ZERO;
            for (int dependant : plan.dependants(order[i]))
                if (remaining[dependant].compareTo(longest) > 0) longest = remaining[dependant];
            remaining[order[i]] = longest.plus(expected(order[i]));
        }
        return remaining;
    }

    private Duration expected(int job) {
        return plan.job(job).estimate().orElse(assumed);
    }

    /// Of builds that history knows nothing of, as the service does: more than most take.
    private static Duration assumed(Plan plan) {
        var known = new ArrayList<Duration>();
        for (int job = 0; job < plan.jobs(); job++) plan.job(job).estimate().ifPresent(known::add);
        if (known.isEmpty()) return Work.UNKNOWN.expected();
        known.sort(Comparator.naturalOrder());
        return known.get(known.size() / 2)
                .plus(known.get(known.size() * 9 / 10))
                .dividedBy(2);
    }

    /// The loop of one Nix client.
    private final class Front {
        private final Client client;
        private final TreeSet<Integer> awake = new TreeSet<>(
                Comparator.comparing((Integer job) -> plan.job(job).name()).thenComparing(job -> job));
        private @Nullable Instant asks;

        Front(Client client) {
            this.client = client;
        }

        /// The first of those that are awake when one has been asked for is the next.
        void goOn(Instant now) {
            while (asks != null && !now.isBefore(asks)) {
                submit(awake.removeFirst(), client, now);
                asks = awake.isEmpty() ? null : asks.plus(ASKING);
            }
        }

        void add(int job, Instant now) {
            awake.add(job);
            if (asks == null) asks = now.plus(ASKING);
        }
    }

    private void submit(int job, Client client, Instant now) {
        var since = wanted.computeIfAbsent(job, _ -> now);
        var request = new BuildRequest(
                        plan.drvPath(job),
                        plan.job(job).platform(),
                        plan.job(job).features())
                .withClient(client)
                .withWork(new Work(expected(job), plan.job(job).estimate().isPresent(), remaining[job]))
                .withInputs(inputs(job))
                .withResources(plan.job(job).resources());
        numbers.put(scheduler.submit(request, excluded(job), since, true), job);
    }

    private Set<String> excluded(int job) {
        var lost = losses.get(job);
        if (lost == null) return Set.of();
        return lost.excluded(fitting(job).stream()
                .filter(host -> !known(host).health().isAside())
                .toList());
    }

    private MachineSnapshot known(String machine) {
        return requireNonNull(known.get(machine));
    }

    private void health(int host, UnaryOperator<MachineHealth> change) {
        var before = known(plan.host(host).name());
        var now = before.withHealth(change.apply(before.health()));
        known.put(now.name(), now);
        scheduler.update(now);
    }

    private Inputs inputs(int job) {
        long bytes = 0;
        for (int path : plan.inputs(job)) bytes += plan.bytes(path);
        var present = new HashMap<String, Long>();
        for (int host = 0; host < plan.hosts(); host++) {
            long there = bytes - situation.missingBytes(job, host);
            if (there > 0) present.put(plan.host(host).name(), there);
        }
        return new Inputs(bytes, present);
    }

    @Override
    public Rules rules() {
        return RULES;
    }

    @Override
    public void asked(int job, Instant now) {
        fronts.get(plan.client(job)).add(job, now);
    }

    @Override
    public List<Start> decide(Instant now) {
        for (int host : looks.back(now, situation::answers)) health(host, MachineHealth::answered);
        for (var front : fronts) front.goOn(now);
        var starts = new ArrayList<Start>();
        for (var decision : decisions(now)) {
            int job = number(decision.build());
            switch (decision) {
                case Decision.Assigned(var build, var placement) -> {
                    running.put(job, build);
                    starts.add(new Start(job, hosts.getOrDefault(build.machine().name(), -1), placement.reason()));
                }
                case Decision.Moved moved -> throw new IllegalStateException("no machine of it starts: " + moved);
                case Decision.Impossible impossible ->
                    throw new IllegalStateException("%s is said to be impossible: %s"
                            .formatted(plan.job(job).id(), impossible.reasons()));
            }
        }
        return starts;
    }

    private List<Decision> decisions(Instant now) {
        var decisions = new ArrayList<>(scheduler.decide(now));
        for (var build = scheduler.unlocated(); build.isPresent(); build = scheduler.unlocated()) {
            var job = requireNonNull(numbers.get(build.get()));
            scheduler.located(build.get(), inputs(job), now);
            decisions.addAll(scheduler.decide(now));
        }
        return decisions;
    }

    private int number(WaitingBuild build) {
        var number = numbers.remove(build);
        if (number == null) throw new IllegalStateException(build.request().drvPath() + " is decided on twice");
        return number;
    }

    @Override
    public Optional<Instant> wakeAt(Instant now) {
        var next = scheduler.wakeAt().filter(now::isBefore);
        for (var front : fronts) {
            var asks = front.asks;
            if (asks != null && next.filter(asks::isAfter).isEmpty()) next = Optional.of(asks);
        }
        var look = looks.next().map(at -> at.isBefore(now) ? now : at);
        return look.filter(next.orElse(Instant.MAX)::isAfter).isPresent() ? look : next;
    }

    @Override
    public boolean unreachable(Start start, Instant now) {
        health(start.host(), health -> health.failed(now, "it cannot be reached"));
        looks.failed(start.host(), now);
        submit(start.job(), fronts.get(plan.client(start.job())).client, now);
        return true;
    }

    @Override
    public boolean lost(Start start, Instant now) {
        int job = start.job();
        var machine = plan.host(start.host()).name();
        health(start.host(), health -> health.failed(now, "it broke"));
        looks.failed(start.host(), now);
        var lost = losses.computeIfAbsent(job, _ -> new Losses());
        lost.add(machine, looks.failuresLately(start.host(), now));
        if (!lost.exhausted() && !lost.hopeless().containsAll(fitting(job))) {
            submit(job, fronts.get(plan.client(job)).client, now);
            return true;
        }
        losses.remove(job);
        return false;
    }

    private List<String> fitting(int job) {
        return plan.fitting(job).stream()
                .mapToObj(host -> plan.host(host).name())
                .toList();
    }

    @Override
    public void built(Start start, Instant now) {
        health(start.host(), _ -> MachineHealth.GOOD);
        looks.worked(start.host());
    }

    @Override
    public void released(Start start, Instant now) {
        var build = running.remove(start.job());
        if (build == null) throw new IllegalStateException(plan.job(start.job()).id() + " has no slot");
        scheduler.finished(build, now);
    }
}
