package dispatcher.simulate;

import dispatcher.graph.Remaining;
import dispatcher.simulate.model.Plan;
import dispatcher.simulate.policy.Contestant;
import dispatcher.simulate.policy.Situation;
import dispatcher.simulate.policy.Start;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// One scenario with one policy, on a clock that moves only from one event to the next. It begins at the epoch.
///
/// A client asks for a build when its time has come, its inputs are built and their outputs have come back. A build
/// has a slot, is connected to its machine, gets the inputs that are not there, is built, and its outputs come back.
/// A build that was reported to a client as failed is asked for again when nothing of that client is going on any
/// more, as if a person had typed the command again.
///
/// Confined to one thread, used once. A policy that breaks a rule is an `IllegalStateException`: more builds on a
/// machine than it has slots, a build on a machine that is not fit for it or that it did not ask for, or a build that
/// is never done.
public final class Simulation implements Situation {
    private final Plan plan;
    private final String policy;
    private final Contestant contestant;
    private final Network network;
    private final Timeline timeline = new Timeline();
    private final List<HostState> hosts = new ArrayList<>();
    private final List<ClientState> clients;
    private final List<Span> spans = new ArrayList<>();
    private final Instant[] asked;
    private final Remaining remaining;
    private final boolean[] due;
    private final LinkedHashSet<Integer> waiting = new LinkedHashSet<>();
    private final BitSet done = new BitSet();
    private Instant now = Instant.EPOCH;
    private int failures;
    private int refused;
    private long sentBytes;

    /// @param contestant makes the policy, which is given what it may look at
    public Simulation(Plan plan, String policy, Function<Situation, Contestant> contestant) {
        this.plan = plan;
        this.policy = policy;
        this.network = new Network(plan.scenario().uplink());
        for (int host = 0; host < plan.hosts(); host++) hosts.add(new HostState(plan.host(host), plan.held(host)));
        this.clients = plan.scenario().clients().stream().map(ClientState::new).toList();
        this.asked = new Instant[plan.jobs()];
        Arrays.fill(asked, Instant.MAX);
        this.remaining = new Remaining(plan.graph());
        this.due = new boolean[plan.jobs()];
        this.contestant = contestant.apply(this);
        prepareJobs();
        prepareOutages();
    }

    private void prepareJobs() {
        var impossible = new BitSet();
        for (int job : plan.order()) {
            boolean never = Arrays.stream(plan.needs(job)).anyMatch(impossible::get);
            if (never || plan.fitting(job).isEmpty()) impossible.set(job);
        }
        refused = impossible.cardinality();
        done.or(impossible);
        for (int job = 0; job < plan.jobs(); job++) {
            int number = job;
            if (!impossible.get(job)) timeline.add(at(plan.job(job).asked()), () -> becomesDue(number));
        }
    }

    private void prepareOutages() {
        for (var outage : plan.scenario().outages())
            for (var host : hosts)
                if (host.host.name().equals(outage.machine())) {
                    timeline.add(at(outage.from()), () -> goDown(host));
                    timeline.add(at(outage.until()), () -> comeUp(host));
                }
    }

    private static Instant at(Duration since) {
        return Instant.EPOCH.plus(since);
    }

    /// Goes on to the next event and lets happen what follows from it.
    ///
    /// @return false if all builds have ended
    public boolean step() {
        if (isOver()) return false;
        var next = Stream.of(timeline.next(), network.next(), contestant.wakeAt(now))
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder())
                .orElseThrow(() -> new IllegalStateException(
                        "%s: nothing will ever happen to %d builds".formatted(policy, plan.jobs() - ended())));
        now = next.isAfter(now) ? next : now;
        timeline.run(now);
        network.run(now);
        while (decide()) {}
        return !isOver();
    }

    /// @return whether anything came of it, so that there may be more
    private boolean decide() {
        var starts = contestant.decide(now);
        starts.forEach(this::start);
        var declined = contestant.declined();
        for (int job : declined) {
            waiting.remove(job);
            fail(job);
        }
        return !starts.isEmpty() || !declined.isEmpty();
    }

    /// Goes on to the end.
    public Run run() {
        while (step()) {}
        return new Run(policy, plan, spans, List.of(asked), failures, refused, sentBytes);
    }

    private boolean isOver() {
        return ended() == plan.jobs();
    }

    /// How many builds have come to their end.
    public int ended() {
        return done.cardinality();
    }

    /// The virtual time.
    public Instant now() {
        return now;
    }

    private void becomesDue(int job) {
        due[job] = true;
        askIfReady(job);
    }

    private void askIfReady(int job) {
        if (!due[job] || remaining.awaited(job) > 0) return;
        var client = client(job);
        client.ready.add(job);
        askMore(client);
    }

    private ClientState client(int job) {
        return clients.get(plan.client(job));
    }

    private void askMore(ClientState client) {
        while (client.mayAsk()) {
            int job = client.ready.remove();
            client.open++;
            waiting.add(job);
            if (asked[job].equals(Instant.MAX)) asked[job] = now;
            contestant.asked(job, now);
        }
    }

    private void start(Start start) {
        var job = plan.job(start.job());
        var host = hosts.get(start.host());
        if (!waiting.remove(start.job()))
            throw new IllegalStateException("%s starts %s, which does not wait".formatted(policy, job.id()));
        if (!plan.fitting(start.job()).get(start.host()))
            throw new IllegalStateException(
                    "%s starts %s on %s, which is not fit for it".formatted(policy, job.id(), host.host.name()));
        var attempt = new Attempt(start, host.take(job, contestant.rules().knowsResources()), now);
        host.attempts.add(attempt);
        timeline.add(now.plus(contestant.rules().connect()), () -> connect(host, attempt));
    }

    private void connect(HostState host, Attempt attempt) {
        if (attempt.isOver()) return;
        if (host.outages > 0) {
            end(host, attempt, Span.End.UNREACHABLE);
            again(attempt, contestant.unreachable(attempt.start, now));
            return;
        }
        attempt.connected = now;
        contestant.connected(attempt.start, now);
        if (!contestant.rules().oneCopyAtATime()) {
            copy(host, attempt);
            return;
        }
        host.senders.add(attempt);
        if (host.senders.size() == 1) copy(host, attempt);
    }

    /// Sends the inputs that are not there and not on their way; its latency is that of one question to the machine.
    private void copy(HostState host, Attempt attempt) {
        var own = new ArrayList<Integer>();
        var others = new LinkedHashSet<HostState.Copy>();
        long bytes = 0;
        for (int path : plan.inputs(attempt.start.job())) {
            if (host.held.get(path)) continue;
            var other = host.underWay.get(path);
            if (other != null) {
                others.add(other);
                continue;
            }
            own.add(path);
            bytes += plan.bytes(path);
        }
        attempt.copies = others.size();
        others.forEach(other -> other.waiting().add(attempt));
        if (!own.isEmpty()) send(host, attempt, new HostState.Copy(own), bytes);
        if (attempt.copies == 0) build(host, attempt);
    }

    private void send(HostState host, Attempt attempt, HostState.Copy copy, long bytes) {
        attempt.copies++;
        copy.waiting().add(attempt);
        copy.paths().forEach(path -> host.underWay.put(path, copy));
        sentBytes += bytes;
        timeline.add(now.plus(host.host.latency()), () -> {
            if (attempt.isOver()) return;
            attempt.transfer = network.send(host.in, bytes, now, () -> copied(host, attempt, copy));
        });
    }

    private void copied(HostState host, Attempt attempt, HostState.Copy copy) {
        attempt.transfer = null;
        for (int path : copy.paths()) {
            host.held.set(path);
            host.underWay.remove(path);
        }
        for (var waiter : copy.waiting()) if (!waiter.isOver() && --waiter.copies == 0) build(host, waiter);
    }

    private void build(HostState host, Attempt attempt) {
        attempt.building = now;
        timeline.add(now.plus(host.host.time(plan.job(attempt.start.job()).work())), () -> built(host, attempt));
        if (host.senders.peek() == attempt) nextSender(host);
    }

    private void nextSender(HostState host) {
        host.senders.remove();
        var next = host.senders.peek();
        if (next != null)
            timeline.add(now, () -> {
                if (!next.isOver()) copy(host, next);
            });
    }

    private void built(HostState host, Attempt attempt) {
        if (attempt.isOver()) return;
        attempt.built = now;
        int job = attempt.start.job();
        host.held.set(plan.output(job));
        contestant.built(attempt.start, now);
        if (!contestant.rules().slotWhileReceiving()) release(host, attempt);
        long bytes = plan.job(job).outputBytes();
        if (bytes == 0) {
            received(host, attempt);
            return;
        }
        timeline.add(now.plus(host.host.latency()), () -> {
            if (!attempt.isOver()) attempt.transfer = network.send(host.out, bytes, now, () -> received(host, attempt));
        });
    }

    private void release(HostState host, Attempt attempt) {
        attempt.released = now;
        host.release(plan.job(attempt.start.job()), attempt.slot);
        contestant.released(attempt.start, now);
    }

    private void received(HostState host, Attempt attempt) {
        attempt.transfer = null;
        int job = attempt.start.job();
        if (attempt.released == null) release(host, attempt);
        attempt.ended = now;
        host.attempts.remove(attempt);
        spans.add(attempt.span());
        if (done.get(job))
            throw new IllegalStateException(
                    "%s ends %s twice".formatted(policy, plan.job(job).id()));
        done.set(job);
        client(job).open--;
        remaining.done(job, this::askIfReady);
        goOn(client(job));
    }

    private void goOn(ClientState client) {
        askMore(client);
        if (client.open > 0 || client.failed.isEmpty()) return;
        client.ready.addAll(client.failed);
        client.failed.clear();
        askMore(client);
    }

    /// An attempt is over without a result.
    private void end(HostState host, Attempt attempt, Span.End how) {
        if (attempt.released == null) release(host, attempt);
        attempt.end = how;
        attempt.ended = now;
        host.attempts.remove(attempt);
        host.senders.remove(attempt);
        if (attempt.transfer != null) network.cancel(attempt.transfer, now);
        spans.add(attempt.span());
    }

    private void again(Attempt attempt, boolean goesOn) {
        if (goesOn) waiting.add(attempt.start.job());
        else fail(attempt.start.job());
    }

    private void fail(int job) {
        failures++;
        var client = client(job);
        client.open--;
        client.failed.add(job);
        goOn(client);
    }

    /// What has not been fetched is lost too, and is built again.
    private void goDown(HostState host) {
        if (host.outages++ > 0) return;
        host.underWay.clear();
        host.senders.clear();
        var lost = host.attempts.stream()
                .filter(attempt -> attempt.connected != null)
                .toList();
        contestant.left(host(host), now);
        for (var attempt : lost) {
            end(host, attempt, Span.End.LOST);
            again(attempt, contestant.lost(attempt.start, now));
        }
    }

    private int host(HostState host) {
        return hosts.indexOf(host);
    }

    private void comeUp(HostState host) {
        if (--host.outages > 0) return;
        contestant.joined(host(host), now);
    }

    @Override
    public long missingBytes(int job, int host) {
        var state = hosts.get(host);
        long bytes = 0;
        for (int path : plan.inputs(job))
            if (!state.held.get(path) && !state.underWay.containsKey(path)) bytes += plan.bytes(path);
        return bytes;
    }

    @Override
    public boolean answers(int host) {
        return hosts.get(host).outages == 0;
    }
}
