package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Section;
import dispatcher.machine.Machine;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.Pool.Range;
import dispatcher.machine.Pool.Window;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Binds `pool` of an entry of `machines`, and makes its machines; see [PoolKeys].
public final class PoolReader {
    private PoolReader() {}

    /// The machines that an entry stands for: the one that it describes, or those of its pool. None if a fault was
    /// noted.
    ///
    /// @param described what the entry describes, if that had no fault
    public static List<Machine> machines(Section entry, Optional<Machine> described) {
        if (!entry.has(PoolKeys.POOL)) return described.stream().toList();
        var pool = entry.read(PoolKeys.POOL, PoolReader::read);
        if (described.isEmpty()) return List.of();
        var machine = described.get();
        var onDemand = machine.onDemand();
        if (onDemand.isEmpty()) {
            if (!entry.has(OnDemandKeys.ON_DEMAND))
                entry.fault(PoolKeys.POOL, "is of machines on demand: onDemand has to say how each is started");
            return List.of();
        }
        var objection = objection(onDemand.get().provider());
        objection.ifPresent(it -> entry.fault(PoolKeys.POOL, it));
        if (pool.isEmpty() || objection.isPresent()) return List.of();
        var named = pool.get().apply(machine.name());
        return IntStream.rangeClosed(1, named.size())
                .mapToObj(index -> new Pool.Member(named, index))
                .map(member -> machine.named(member.machine())
                        .withOnDemand(onDemand.get().in(member)))
                .toList();
    }

    /// What starts one machine may start the same one for each of a pool, or let several share what each needs alone.
    private static Optional<String> objection(OnDemand.Provider provider) {
        return switch (provider) {
            case OnDemand.Commands commands -> objection(commands);
            case OnDemand.Container container -> objection(container);
            case OnDemand.Qemu qemu ->
                qemu.port()
                        .map(_ -> "needs a port for each of its machines: leave onDemand.qemu.port out for free ones");
            default ->
                Optional.of("needs onDemand.command, container or qemu: nothing else knows which of its machines it"
                        + " starts");
        };
    }

    private static Optional<String> objection(OnDemand.Commands commands) {
        if (commands.stop().isEmpty())
            return Optional.of("needs onDemand.command.stop, as its machines are stopped when idle");
        return commands.address().isPresent()
                ? Optional.empty()
                : Optional.of("needs onDemand.command.address, as each of its machines is reached elsewhere");
    }

    private static Optional<String> objection(OnDemand.Container container) {
        if (container.network().filter(OnDemand.Container.HOST::equals).isPresent())
            return Optional.of(
                    "needs a port for each of its machines, and in the network of the host all have the same");
        return container.mounts().stream()
                .filter(mount -> mount.matches("[^:]*:/nix(/.*|:.*)?"))
                .findFirst()
                .map("needs a store for each of its machines, and all would have that of the mount %s"::formatted);
    }

    /// A pool but for its name.
    private interface Unnamed {
        Pool apply(String name);
    }

    private static Optional<Unnamed> read(Section section) {
        section.require(PoolKeys.MAX);
        var max = section.get(PoolKeys.MAX);
        int min = section.value(PoolKeys.MIN);
        int warm = section.value(PoolKeys.WARM);
        var maxBuilds = section.get(PoolKeys.MAX_BUILDS);
        var windows = section.sections(PoolKeys.WINDOWS);
        if (max.isEmpty()) {
            windows.forEach(Section::close);
            return Optional.empty();
        }
        var usual = range(section, min, max.get());
        var read = windows.stream()
                .map(window -> window(window, usual.orElseGet(() -> new Range(0, max.get()))))
                .toList();
        if (usual.isEmpty() || read.stream().anyMatch(Optional::isEmpty)) return Optional.empty();
        var builds = maxBuilds.map(OptionalInt::of).orElseGet(OptionalInt::empty);
        var all = read.stream().flatMap(Optional::stream).toList();
        return Optional.of(name -> new Pool(name, usual.get(), warm, builds, all));
    }

    private static Optional<Range> range(Section section, int min, int max) {
        if (min <= max) return Optional.of(new Range(min, max));
        section.fault("has min %d above max %d".formatted(min, max));
        return Optional.empty();
    }

    private static Optional<Window> window(Section section, Range usual) {
        try (section) {
            section.require(PoolKeys.FROM);
            section.require(PoolKeys.TO);
            var days = section.values(PoolKeys.DAYS);
            var from = section.get(PoolKeys.FROM);
            var to = section.get(PoolKeys.TO);
            int max = section.get(PoolKeys.WINDOW_MAX).orElse(usual.max());
            var range = range(section, section.get(PoolKeys.WINDOW_MIN).orElse(Math.min(usual.min(), max)), max);
            if (from.isEmpty() || to.isEmpty()) return Optional.empty();
            var covered = new HashSet<>(section.has(PoolKeys.DAYS) ? days : PoolKeys.everyDay());
            if (covered.isEmpty()) {
                if (section.isEmptyList(PoolKeys.DAYS)) section.fault(PoolKeys.DAYS, "names no day");
                return Optional.empty();
            }
            return range.map(it -> new Window(covered, from.get(), to.get(), it));
        }
    }
}
