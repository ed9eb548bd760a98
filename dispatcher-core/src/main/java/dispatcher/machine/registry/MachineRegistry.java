package dispatcher.machine.registry;

import dispatcher.event.DispatcherListener;
import dispatcher.history.History;
import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.machine.Pressure;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.load.PressureListener;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.text.Printable;
import dispatcher.text.Spelling;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/// The machines that there are now, the way to each, and all that is known of it: health, drained or not, what speaks
/// against it, what was measured of it. The one place to ask for a machine by name, and to say that something happened
/// to it; it keeps the queue up to date. Safe for any thread.
public final class MachineRegistry implements AutoCloseable {
    private static final int SHOWN_OF_NAME = 100;

    private final RegisteredMachines machines;
    private final Recovery recovery;
    private final Refusals refusals;
    private final PressureWatch pressure;
    private final LearningListener learning;
    private final Descriptions descriptions;
    private final Describer describer;
    private volatile Limits limits;

    /// What settings say of all machines alike.
    ///
    /// @param answer      within which a machine must give a sign of life before a build is taken there
    /// @param unavailable how long a build waits while all machines that fit it are set aside
    /// @param pressure    beyond which a machine gets no more builds
    public record Limits(Duration answer, Duration unavailable, Pressure.Limits pressure) {}

    /// Makes ways to machines.
    public interface LinkMaker {
        /// A new link to a machine; contacts nobody.
        ///
        /// @param pressure wants to know how the machine is doing
        MachineLink linkTo(Machine machine, PressureListener pressure);
    }

    /// @param queue    gets the machines, and each change of one
    /// @param history  has what was learned of machines; gets the names of those that there are
    /// @param store    what machines say of themselves is kept there
    /// @param boots    whether the machine of that name is up; does not block. After each change [#bootChanged] is
    ///                 to be called
    /// @param listener gets what happens to machines
    public MachineRegistry(
            Collection<Machine> machines,
            Limits limits,
            LinkMaker maker,
            BuildQueue queue,
            History history,
            DescriptionStore store,
            Function<String, Boot> boots,
            DispatcherListener listener,
            InstantSource clock,
            LongSupplier nanoTime) {
        this(machines, limits, maker, queue, history, store, boots, listener, clock, nanoTime, Thread::sleep);
    }

    /// Of machines that are always on.
    public MachineRegistry(
            Collection<Machine> machines,
            Limits limits,
            LinkMaker maker,
            BuildQueue queue,
            History history,
            DispatcherListener listener,
            InstantSource clock,
            LongSupplier nanoTime) {
        this(machines, limits, maker, queue, history, DescriptionStore.NONE, _ -> Boot.UP, listener, clock, nanoTime);
    }

    MachineRegistry(
            Collection<Machine> machines,
            Limits limits,
            LinkMaker maker,
            BuildQueue queue,
            History history,
            DescriptionStore store,
            Function<String, Boot> boots,
            DispatcherListener listener,
            InstantSource clock,
            LongSupplier nanoTime,
            Recovery.Pauses pauses) {
        this.descriptions = Descriptions.load(store);
        this.machines = new RegisteredMachines(queue, history, descriptions, boots);
        this.limits = limits;
        this.recovery = new Recovery(this.machines, () -> this.limits.unavailable(), pauses, clock, nanoTime, listener);
        this.refusals = new Refusals(this.machines, listener, clock, nanoTime);
        this.pressure = new PressureWatch(this.machines, listener, limits.pressure());
        this.learning = new LearningListener(this.machines);
        this.describer = describer(listener, clock, MachineLink::probe);
        this.machines.replace(machines, false, machine -> maker.linkTo(machine, pressure));
    }

    Describer describer(DispatcherListener listener, InstantSource clock, Describer.Prober prober) {
        return new Describer(machines, descriptions, listener, clock, prober);
    }

    /// Of machines that are gone.
    private void forgetDescriptions() {
        descriptions.keepOnly(
                machines.all().stream().map(RegisteredMachine::name).collect(Collectors.toSet()));
    }

    /// Asks machines what they are, from now on.
    public void startDescribing() {
        forgetDescriptions();
        describer.start();
    }

    /// Makes these the machines, and these their limits, for builds that come now; those under way end where they are.
    /// If a link cannot be made, nothing has changed.
    ///
    /// @param keep whether a machine that is reached as before keeps its connections
    public void replace(Collection<Machine> wanted, Limits newLimits, boolean keep, LinkMaker maker) {
        var before = stated();
        var left = machines.replace(wanted, keep, machine -> maker.linkTo(machine, pressure));
        limits = newLimits;
        pressure.change(newLimits.pressure());
        recovery.forget(left);
        refusals.forget(before.stream()
                .filter(machine -> !wanted.contains(machine))
                .map(Machine::name)
                .collect(Collectors.toSet()));
        refusals.forget(left);
        forgetDescriptions();
        describer.wake();
        // A build may have lost its last machine that is not set aside, or may wait for less time now.
        recovery.review();
    }

    /// Lets a machine finish what it has and gives it no more, or ends that. So it stays for whatever has that name,
    /// also while there is no such machine.
    ///
    /// @return whether there is such a machine
    public boolean drain(String machine, boolean drained) {
        return machines.drain(machine, drained);
    }

    /// A machine is up, off or starting since a moment ago. Nothing happens if there is none of that name.
    public void bootChanged(String machine) {
        machines.learn(machine);
    }

    /// Names of those that are drained, whether there are such machines or not.
    public SortedSet<String> drained() {
        return machines.drained();
    }

    /// What is known of a machine; empty if there is none of that name.
    public Optional<MachineSnapshot> snapshot(String machine) {
        return machines.snapshot(machine);
    }

    /// What is known of every machine at this moment, in the order of the settings.
    public Collection<MachineSnapshot> snapshots() {
        return machines.all().stream().map(RegisteredMachine::snapshot).toList();
    }

    /// Gets events after the history has them.
    public DispatcherListener learning() {
        return learning;
    }

    /// Every link at this moment, in the order of the settings.
    public Collection<MachineLink> links() {
        return machines.all().stream().map(RegisteredMachine::link).toList();
    }

    /// Every machine at this moment, in the order of the settings.
    public Collection<Machine> machines() {
        return links().stream().map(MachineLink::machine).toList();
    }

    /// The same as the settings have them: without what they have said of themselves.
    private Collection<Machine> stated() {
        return machines.all().stream().map(RegisteredMachine::stated).toList();
    }

    /// What a machine has said of itself; empty if there is none of that name.
    public Optional<MachineDescriptionView> description(String machine) {
        return registered(machine).map(this::description);
    }

    /// When a machine that gets no builds is tried again: one that is set aside is looked at then, and one that has not
    /// said what it is is asked. Empty for all others, and while that is being done.
    public Optional<Instant> triedAgain(String machine) {
        return recovery.nextLook(machine)
                .or(() -> registered(machine)
                        .filter(there -> !there.snapshot().machine().isDescribed())
                        .flatMap(there -> describer.nextQuestion(there.link())));
    }

    /// How a machine was doing when it was measured last; empty if it was not, or too long ago to count.
    public Optional<Pressure> measured(String machine) {
        return registered(machine).flatMap(there -> there.link().sampler().pressure());
    }

    private Optional<RegisteredMachine> registered(String machine) {
        return machines.all().stream()
                .filter(there -> there.name().equals(machine))
                .findFirst();
    }

    private MachineDescriptionView description(RegisteredMachine machine) {
        var known = descriptions.of(machine.stated());
        return new MachineDescriptionView(
                known.map(DescriptionStore.Known::description),
                known.map(DescriptionStore.Known::at),
                descriptions
                        .problem(machine.name())
                        .or(() -> known.isPresent()
                                ? Optional.empty()
                                : Optional.of(
                                        machine.link().isOff()
                                                ? "it is off, and is asked once it runs"
                                                : "it has not answered yet")));
    }

    /// Waits while no machine fits a build and one may yet say that it does; see [Limits#unavailable].
    ///
    /// @param over asked now and then: whether not to wait any more
    /// @return whether a machine fits now
    public boolean awaitFitting(BuildRequest request, BooleanSupplier over) throws InterruptedException {
        return describer.awaitFitting(SchedulingKey.of(request, Set.of()), limits.unavailable(), over);
    }

    /// Why each machine is not described that has to describe itself; empty if all are.
    public SortedMap<String, String> undescribed() {
        var reasons = new TreeMap<String, String>();
        for (var machine : machines.all())
            if (!machine.snapshot().machine().isDescribed())
                reasons.put(machine.name(), description(machine).notDescribed());
        return reasons;
    }

    /// The way to a machine, to be given back; empty if it is not there any more.
    public Optional<MachineLink.Use> use(String machine) {
        return machines.use(machine);
    }

    /// Whether a machine is still there and not set aside.
    public boolean isUp(String machine) {
        return machines.isUp(machine);
    }

    /// Names of the machines that fit a build by their description.
    public Set<String> fitting(BuildRequest request) {
        return links().stream()
                .filter(link -> Fitness.objection(link.machine(), request).isEmpty())
                .map(link -> link.machine().name())
                .collect(Collectors.toSet());
    }

    /// Why the machine that a build is for cannot do it at all, for people; empty if it can, or if no machine was
    /// chosen.
    public Optional<String> objectionToChoice(BuildRequest request) {
        return request.machine().flatMap(name -> {
            for (var machine : machines())
                if (machine.name().equals(name))
                    return Fitness.objection(machine, request)
                            .map(why -> "machine %s cannot build %s, which is for no other: %s"
                                    .formatted(name, request.drvPath(), why));
            return noMachine(name);
        });
    }

    /// What to say of a name that is no machine's; empty if it is one's.
    public Optional<String> noMachine(String name) {
        var names = machines().stream().map(Machine::name).toList();
        if (names.contains(name)) return Optional.empty();
        return Optional.of("the dispatcher has no machine '%s'%s"
                .formatted(Printable.line(name, SHOWN_OF_NAME), Spelling.hint(name, names)));
    }

    /// Names of those that are not set aside either.
    public Set<String> usable(BuildRequest request) {
        return fitting(request).stream().filter(machines::isUp).collect(Collectors.toSet());
    }

    /// Names of the machines that are known to have no more memory than this one; its own name too.
    public Set<String> noLargerThan(MachineLink link) {
        var memory = link.memory();
        var names = new HashSet<>(Set.of(link.machine().name()));
        for (var other : links())
            if (memory.isPresent() && other.memory().orElse(Long.MAX_VALUE) <= memory.getAsLong())
                names.add(other.machine().name());
        return names;
    }

    /// A machine has let us know that it is there: if it is set aside, it is looked at now. Blocks meanwhile.
    public void announced(String machine) {
        links().stream()
                .filter(link -> link.machine().name().equals(machine))
                .findFirst()
                .ifPresent(recovery::announced);
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
        for (var link : links()) link.conversations().prune();
    }

    @Override
    public void close() {
        describer.close();
        recovery.close();
        machines.close();
    }
}
