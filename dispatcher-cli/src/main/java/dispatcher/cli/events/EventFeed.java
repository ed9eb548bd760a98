package dispatcher.cli.events;

import dispatcher.cli.api.event.FleetEvent;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;

/// What happens in the dispatcher, as events that pages and commands read while they come.
///
/// It keeps the last [#SIZE] events and nothing of their readers: a slow one costs nothing, and learns how many events
/// it has missed. Safe for any thread.
public final class EventFeed implements DispatcherListener {
    /// Events that are kept: some seconds of the busiest fleet, hours of a calm one. About 300 bytes each.
    static final int SIZE = 8_192;

    /// Characters of a reason that are kept.
    private static final int LONGEST_REASON = 1_000;

    /// Readers at the same time that hold a connection each.
    private static final int MOST_READERS = 16;

    private final EventRing ring;
    private final LongFunction<Optional<Long>> ids;
    private final AtomicInteger readers = new AtomicInteger();
    private final Map<Long, String> clients = new ConcurrentHashMap<>();

    /// Builds that go on, by their numbers.
    private final Map<Long, Known> builds = new ConcurrentHashMap<>();

    private record Known(Optional<Long> id, String drv, String client) {}

    /// @param ids the id of a build's record, by its number in events
    public EventFeed(LongFunction<Optional<Long>> ids, InstantSource clock) {
        this(ids, clock, SIZE);
    }

    EventFeed(LongFunction<Optional<Long>> ids, InstantSource clock, int size) {
        this.ids = ids;
        this.ring = new EventRing(size, clock);
    }

    // ---- for readers

    /// The number of the last event so far; 0 if there is none.
    public long last() {
        return ring.last();
    }

    /// Events after number `after`, the oldest first, at most 1000 at once; the next call goes on after the `seq` of
    /// the last one. If some are not kept any more, a `missed` event is in their place.
    ///
    /// @param timeout for the first of them; none if none came until then
    public List<FleetEvent> next(long after, Duration timeout) throws InterruptedException {
        return ring.next(after, timeout);
    }

    /// A place among those who hold a connection for as long as they read; empty if all are taken.
    Optional<Reader> reader() {
        if (readers.incrementAndGet() > MOST_READERS) {
            readers.decrementAndGet();
            return Optional.empty();
        }
        return Optional.of(new Reader());
    }

    /// See [#reader].
    final class Reader implements AutoCloseable {
        @Override
        public void close() {
            readers.decrementAndGet();
        }
    }

    // ---- what operators do

    /// A machine is to get no more builds, or may get some again.
    public void drainChanged(String machine, boolean drained, Optional<String> by, Optional<String> note) {
        var type = drained ? FleetEvent.Type.MACHINE_DRAINED : FleetEvent.Type.MACHINE_RESUMED;
        ring.add(FleetEvent.draft(type)
                .on(machine)
                .by(by)
                .because(note.map(EventFeed::cut).orElse("")));
    }

    public void settingsChanged(List<String> changes) {
        ring.add(FleetEvent.draft(FleetEvent.Type.SETTINGS_CHANGED).changing(changes));
    }

    // ---- clients and builds

    @Override
    public void clientConnected(long client, String who) {
        clients.put(client, who);
    }

    @Override
    public void clientLeft(long client, String who) {
        clients.remove(client);
    }

    @Override
    public void buildRequested(long build, long client, StorePath drvPath, BasicDerivation derivation) {
        builds.put(build, new Known(ids.apply(build), drvPath.toString(), who(client)));
    }

    @Override
    public void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        ring.add(of(build, drvPath, FleetEvent.Type.QUEUED));
    }

    @Override
    public void buildAssigned(long build, StorePath drvPath, String machine, String reason, Duration waited) {
        ring.add(of(build, drvPath, FleetEvent.Type.PLACED)
                .on(machine)
                .because(cut(reason))
                .took(waited));
    }

    @Override
    public void buildDoubled(long build, StorePath drvPath, String machine, String slow, String reason) {
        ring.add(of(build, drvPath, FleetEvent.Type.DOUBLED).on(machine).because(cut(reason)));
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        ring.add(of(build, drvPath, FleetEvent.Type.BUILDING)
                .on(machine)
                .copied(paths, bytes)
                .took(took));
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        end(
                build,
                of(build, drvPath, FleetEvent.Type.ENDED)
                        .on(machine)
                        .ended(status.isSuccess() ? "built" : "failed")
                        .because(status.isSuccess() ? "" : cut(message))
                        .took(took));
    }

    @Override
    public void buildLost(long build, StorePath drvPath, String machine, String reason) {
        ring.add(of(build, drvPath, FleetEvent.Type.LOST).on(machine).because(cut(reason)));
    }

    @Override
    public void buildMoved(long build, StorePath drvPath, String machine, String by, String reason) {
        ring.add(of(build, drvPath, FleetEvent.Type.MOVED)
                .on(machine)
                .by(Optional.of(by))
                .because(cut(reason)));
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        end(
                build,
                of(build, drvPath, FleetEvent.Type.ENDED)
                        .ended("cancelled")
                        .by(Optional.of(by))
                        .because(cut(reason)));
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        end(build, of(build, drvPath, FleetEvent.Type.ENDED).ended("refused").because(cut(reason)));
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        end(
                build,
                of(build, drvPath, FleetEvent.Type.ENDED)
                        .ended(status.isSuccess() ? "shared" : "failed")
                        .because(status.isSuccess() ? "" : cut(message)));
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        end(build, of(build, drvPath, FleetEvent.Type.ENDED).ended("found"));
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        end(build, of(build, drvPath, FleetEvent.Type.ENDED).ended("abandoned"));
    }

    @Override
    public void outputSent(long client, StorePath path, String from, long bytes, Duration took) {
        ring.add(FleetEvent.draft(FleetEvent.Type.COPIED_BACK)
                .ofClient(who(client), path.toString())
                .on(from)
                .copied(1, bytes)
                .took(took));
    }

    private void end(long build, FleetEvent.Draft event) {
        builds.remove(build);
        ring.add(event);
    }

    private FleetEvent.Draft of(long build, StorePath drvPath, FleetEvent.Type type) {
        var known = builds.get(build);
        var event = FleetEvent.draft(type);
        return known == null
                ? event.ofBuild(Optional.empty(), drvPath.toString(), "")
                : event.ofBuild(known.id(), known.drv(), known.client());
    }

    private String who(long client) {
        return clients.getOrDefault(client, "client " + client);
    }

    // ---- machines

    @Override
    public void machineSetAside(String machine, String reason) {
        ring.add(FleetEvent.draft(FleetEvent.Type.MACHINE_SET_ASIDE).on(machine).because(cut(reason)));
    }

    @Override
    public void machineBack(String machine, Duration after) {
        ring.add(FleetEvent.draft(FleetEvent.Type.MACHINE_BACK).on(machine).took(after));
    }

    @Override
    public void machineUnderPressure(String machine, String why) {
        ring.add(FleetEvent.draft(FleetEvent.Type.MACHINE_UNDER_PRESSURE)
                .on(machine)
                .because(cut(why)));
    }

    @Override
    public void machineHasRoom(String machine) {
        ring.add(FleetEvent.draft(FleetEvent.Type.MACHINE_HAS_ROOM).on(machine));
    }

    @Override
    public void machineRefuses(String machine, String need, String reason, Duration until) {
        ring.add(FleetEvent.draft(FleetEvent.Type.MACHINE_REFUSES)
                .on(machine)
                .because(cut("%s: %s".formatted(need, reason)))
                .took(until));
    }

    @Override
    public void machineRefusesNoLonger(String machine, String need) {
        ring.add(FleetEvent.draft(FleetEvent.Type.MACHINE_REFUSES_NO_LONGER)
                .on(machine)
                .because(cut(need)));
    }

    @Override
    public void machineDescribed(Machine machine, MachineDescription said) {
        ring.add(FleetEvent.draft(FleetEvent.Type.MACHINE_DESCRIBED).on(machine.name()));
    }

    @Override
    public void machineNotDescribed(String machine, String reason) {
        ring.add(FleetEvent.draft(FleetEvent.Type.MACHINE_NOT_DESCRIBED)
                .on(machine)
                .because(cut(reason)));
    }

    private static String cut(String text) {
        if (text.length() <= LONGEST_REASON) return text;
        int end = Character.isHighSurrogate(text.charAt(LONGEST_REASON - 1)) ? LONGEST_REASON - 1 : LONGEST_REASON;
        return text.substring(0, end) + " …";
    }
}
