package dispatcher.cli.reload;

import dispatcher.cli.settings.value.Durations;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.Trait;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// Says to people which machines have come, gone and changed, a line each.
final class MachineChanges {
    private record Attribute(String name, Function<Machine, Object> value) {}

    private static final List<Attribute> ATTRIBUTES = List.of(
            new Attribute("address", Machine::address),
            new Attribute("sshKey", machine -> orNone(machine.address().keyFile())),
            new Attribute("publicHostKey", machine -> orNone(machine.address().publicHostKey())),
            new Attribute(
                    "sshKeyPassphraseFile",
                    machine -> orNone(machine.address().reach().passphraseFile())),
            new Attribute("sshConfig", machine -> machine.address().reach().sshConfig()),
            new Attribute("dialsIn", machine -> orNone(machine.address().reach().dialsIn())),
            new Attribute("protocol", machine -> machine.protocol().scheme()),
            new Attribute(
                    "remoteProgram",
                    machine -> machine.remoteProgram().isEmpty() ? "none" : String.join(" ", machine.remoteProgram())),
            new Attribute("systems", Machine::systems),
            new Attribute("maxJobs", MachineChanges::jobs),
            new Attribute("speedFactor", Machine::speedFactor),
            new Attribute("supportedFeatures", Machine::supportedFeatures),
            new Attribute("mandatoryFeatures", Machine::mandatoryFeatures),
            new Attribute("compress", Machine::compression),
            new Attribute("substitute", Machine::substitution),
            new Attribute("resources", Machine::resources),
            new Attribute("onDemand", MachineChanges::onDemand),
            new Attribute("pool", MachineChanges::pool));

    private MachineChanges() {}

    /// With all that may change, as words.
    private static Object onDemand(Machine machine) {
        return orNone(machine.onDemand()
                .map(it -> "(%s, bootTimeout %s, idleAfter %s%s)"
                        .formatted(
                                words(it.provider()),
                                Durations.format(it.bootTimeout()),
                                Durations.format(it.idleAfter()),
                                it.kept().map(", keepUntil %s"::formatted).orElse(""))));
    }

    private static String words(OnDemand.Provider provider) {
        return switch (provider) {
            case OnDemand.Commands commands -> words(commands);
            case OnDemand.Container container -> RecordWords.of(container, Set.of("environment"));
            case OnDemand.Qemu qemu -> RecordWords.of(qemu, Set.of());
            case OnDemand.Launchd service -> RecordWords.of(service, Set.of());
            case OnDemand.Systemd _, OnDemand.WakeOnLan _ -> provider.toString();
        };
    }

    private static String words(OnDemand.Commands commands) {
        return "start '%s'".formatted(commands.start())
                + commands.stop().map(", stop '%s'"::formatted).orElse("")
                + commands.status().map(", status '%s'"::formatted).orElse("")
                + commands.address().map(", address '%s'"::formatted).orElse("")
                + commands.list().map(", list '%s'"::formatted).orElse("");
    }

    /// With all that may change, as words.
    private static Object pool(Machine machine) {
        return orNone(machine.onDemand()
                .flatMap(OnDemand::pool)
                .map(Pool.Member::pool)
                .map(MachineChanges::words));
    }

    private static String words(Pool pool) {
        var words = new StringBuilder("(%s, warm %d".formatted(words(pool.usual()), pool.warm()));
        pool.maxBuilds().ifPresent(it -> words.append(", maxBuildsPerMachine ").append(it));
        for (var window : pool.windows())
            words.append(", %s from %s to %s: %s"
                    .formatted(
                            window.days().stream().sorted().toList(),
                            window.from(),
                            window.to(),
                            words(window.range())));
        return words.append(')').toString();
    }

    private static String words(Pool.Range range) {
        return "min %d, max %d".formatted(range.min(), range.max());
    }

    private static String jobs(Machine machine) {
        return machine.unstated().contains(Trait.MAX_JOBS) ? "as it says itself" : Integer.toString(machine.maxJobs());
    }

    private static Object orNone(Optional<?> value) {
        return value.isPresent() ? value.get() : "none";
    }

    static List<String> between(List<Machine> before, List<Machine> after) {
        var lines = new ArrayList<String>();
        var known = byName(before);
        var wanted = byName(after);
        for (var machine : after) {
            var was = known.get(machine.name());
            if (was == null)
                lines.add("machine %s added: %s, maxJobs %s, %s"
                        .formatted(
                                machine.name(),
                                machine.address(),
                                jobs(machine),
                                machine.isDescribed()
                                        ? String.join(" ", machine.systems())
                                        : "systems as it says itself"));
            else if (!was.equals(machine)) lines.add("machine %s: %s".formatted(machine.name(), changes(was, machine)));
        }
        for (var machine : before)
            if (!wanted.containsKey(machine.name()))
                lines.add("machine %s removed; what runs there comes to its end".formatted(machine.name()));
        return lines;
    }

    private static Map<String, Machine> byName(List<Machine> machines) {
        var map = new LinkedHashMap<String, Machine>();
        for (var machine : machines) map.put(machine.name(), machine);
        return map;
    }

    private static String changes(Machine before, Machine after) {
        var words = new ArrayList<String>();
        for (var attribute : ATTRIBUTES) {
            var from = attribute.value.apply(before);
            var to = attribute.value.apply(after);
            if (from.equals(to)) continue;
            var line = "%s %s -> %s".formatted(attribute.name, show(from), show(to));
            // An address is shown without its keys, and with its port.
            boolean same = from instanceof MachineAddress && show(from).equals(show(to));
            if (!same) words.add(line);
        }
        return String.join(", ", words);
    }

    private static String show(Object value) {
        return switch (value) {
            case Collection<?> all ->
                all.isEmpty()
                        ? "none"
                        : String.join(" ", all.stream().map(Object::toString).toList());
            case Map<?, ?> map -> map.isEmpty() ? "none" : map.toString();
            case Enum<?> word -> word.name().toLowerCase(Locale.ROOT);
            default -> value.toString();
        };
    }
}
