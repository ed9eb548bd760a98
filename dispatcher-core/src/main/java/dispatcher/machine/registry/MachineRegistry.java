package dispatcher.machine.registry;

import dispatcher.event.DispatcherListener;
import dispatcher.machine.Machine;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.link.MachineLinks;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Fitness;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/// The machines that there are now, the way to each, and which of them can be used. It is the one place to ask for a
/// machine by name. Safe for any thread.
public final class MachineRegistry implements AutoCloseable {
    private final MachineLinks links;
    private final BuildQueue queue;
    private final Recovery recovery;
    private final Refusals refusals;
    private volatile Limits limits;

    /// Limits on waiting for machines.
    ///
    /// @param answer      within which a machine must give a sign of life before a build is taken there
    /// @param unavailable how long a build waits while all machines that fit it are set aside
    public record Limits(Duration answer, Duration unavailable) {}

    /// @param links closed with this
    /// @param queue learns which machines are set aside, and what they refuse
    public MachineRegistry(
            Collection<MachineLink> links,
            BuildQueue queue,
            Limits limits,
            DispatcherListener listener,
            InstantSource clock,
            LongSupplier nanoTime) {
        this.links = new MachineLinks(links);
        this.queue = queue;
        this.limits = limits;
        this.recovery =
                new Recovery(this.links, queue, () -> this.limits.unavailable(), Thread::sleep, nanoTime, listener);
        this.refusals = new Refusals(this.links, queue, listener, clock, nanoTime);
    }

    /// Makes these the machines for builds that come now; those under way end where they are. The queue has to be
    /// changed next.
    ///
    /// @param keep whether a machine that is reached as before keeps its connections
    /// @param make a new link to a machine; contacts nobody
    /// @return names of machines that are gone, or reached by new connections
    public Set<String> replace(Collection<Machine> machines, boolean keep, Function<Machine, MachineLink> make) {
        var before = machines();
        var left = links.replace(machines, keep, make);
        recovery.forget(left);
        refusals.forget(before.stream()
                .filter(machine -> !machines.contains(machine))
                .map(Machine::name)
                .collect(Collectors.toSet()));
        refusals.forget(left);
        return left;
    }

    /// For waiting that begins from now on.
    public void change(Limits newLimits) {
        limits = newLimits;
    }

    /// Every link at this moment, in the order of the settings.
    public Collection<MachineLink> links() {
        return links.all();
    }

    /// Every machine at this moment, in the order of the settings.
    public Collection<Machine> machines() {
        return links.all().stream().map(MachineLink::machine).toList();
    }

    /// The way to a machine, to be given back; empty if it is not there any more.
    public Optional<MachineLink.Use> use(String machine) {
        return links.use(machine);
    }

    /// Whether a machine is still there and not set aside.
    public boolean isUp(String machine) {
        return links.has(machine) && queue.isAvailable(machine);
    }

    /// Names of the machines that fit a build by their description.
    public Set<String> fitting(BuildRequest request) {
        return links.all().stream()
                .filter(link -> Fitness.objection(link.machine(), request).isEmpty())
                .map(link -> link.machine().name())
                .collect(Collectors.toSet());
    }

    /// Names of those that are not set aside either.
    public Set<String> usable(BuildRequest request) {
        return fitting(request).stream().filter(queue::isAvailable).collect(Collectors.toSet());
    }

    /// Names of the machines that are known to have no more memory than this one; its own name too.
    public Set<String> noLargerThan(MachineLink link) {
        var memory = link.memory();
        var names = new HashSet<>(Set.of(link.machine().name()));
        for (var other : links.all())
            if (memory.isPresent() && other.memory().orElse(Long.MAX_VALUE) <= memory.getAsLong())
                names.add(other.machine().name());
        return names;
    }

    /// Checks that a machine gives some sign of life, before anybody waits for it.
    ///
    /// @throws IOException if it does not
    public void requireAnswer(MachineLink link) throws IOException, InterruptedException {
        var answer = limits.answer();
        if (!link.answers(answer))
            throw new IOException("%s gave no sign of life within %d ms"
                    .formatted(link.machine().address(), answer.toMillis()));
    }

    /// Sets machines aside that failed, and brings them back.
    public Recovery recovery() {
        return recovery;
    }

    /// What machines have refused.
    public Refusals refusals() {
        return refusals;
    }

    /// Ends conversations that nobody has used for long. To be called now and then.
    public void prune() {
        for (var link : links.all()) link.conversations().prune();
    }

    @Override
    public void close() {
        recovery.close();
        links.close();
    }
}
