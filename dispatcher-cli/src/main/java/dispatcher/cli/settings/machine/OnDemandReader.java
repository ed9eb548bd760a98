package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Section;
import dispatcher.machine.OnDemand;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Binds `onDemand` of a machine; see [OnDemandKeys].
final class OnDemandReader {
    private static final List<Group> PROVIDERS = List.of(
            OnDemandKeys.COMMAND,
            OnDemandKeys.SYSTEMD,
            ContainerKeys.CONTAINER,
            QemuKeys.QEMU,
            LaunchdKeys.LAUNCHD,
            LaunchdKeys.LINUX_BUILDER,
            OnDemandKeys.WAKE_ON_LAN);

    private OnDemandReader() {}

    /// Empty if the machine is always on, or at least one fault was noted. Runs nothing.
    ///
    /// @param system that the machine builds for, if it names one
    static Optional<OnDemand> read(Section machine, Optional<String> system) {
        if (!machine.has(OnDemandKeys.ON_DEMAND)) return Optional.empty();
        try (var section = machine.section(OnDemandKeys.ON_DEMAND)) {
            var bootTimeout = section.value(OnDemandKeys.BOOT_TIMEOUT);
            var idleAfter = section.value(OnDemandKeys.IDLE_AFTER);
            var kept = section.get(OnDemandKeys.KEEP_UNTIL);
            var given = PROVIDERS.stream().filter(section::has).toList();
            // Each that is there is read, so that all faults are reported at once.
            var providers = given.stream()
                    .map(group -> provider(section, group, system))
                    .toList();
            if (given.size() != 1) {
                section.fault(complaint(given));
                return Optional.empty();
            }
            return providers
                    .getFirst()
                    .map(provider -> new OnDemand(provider, bootTimeout, idleAfter, kept, Optional.empty()));
        }
    }

    private static String complaint(List<Group> given) {
        return given.isEmpty()
                ? "does not say how the machine is started: one of %s is needed".formatted(names(PROVIDERS))
                : "has %s; only one of them can start the machine".formatted(names(given));
    }

    private static String names(List<Group> groups) {
        return groups.stream().map(Group::name).collect(Collectors.joining(", "));
    }

    private static Optional<OnDemand.Provider> provider(Section onDemand, Group group, Optional<String> system) {
        try (var section = onDemand.section(group)) {
            group.keys().forEach(section::require);
            if (group.equals(OnDemandKeys.COMMAND)) return commands(section);
            if (group.equals(OnDemandKeys.SYSTEMD))
                return section.get(OnDemandKeys.UNIT).map(OnDemand.Systemd::new);
            if (group.equals(ContainerKeys.CONTAINER)) return ContainerKeys.read(section);
            if (group.equals(QemuKeys.QEMU)) return QemuKeys.read(section, system);
            if (group.equals(LaunchdKeys.LAUNCHD)) return LaunchdKeys.read(section);
            if (group.equals(LaunchdKeys.LINUX_BUILDER)) return LaunchdKeys.linuxBuilder(section);
            return wakeOnLan(section);
        }
    }

    private static Optional<OnDemand.Provider> commands(Section section) {
        var start = section.get(OnDemandKeys.START);
        var stop = section.get(OnDemandKeys.STOP);
        var status = section.get(OnDemandKeys.STATUS);
        var address = section.get(OnDemandKeys.ADDRESS);
        var list = section.get(OnDemandKeys.LIST);
        return start.map(it -> new OnDemand.Commands(it, stop, status, address, list));
    }

    private static Optional<OnDemand.Provider> wakeOnLan(Section section) {
        var mac = section.get(OnDemandKeys.MAC);
        var broadcast = section.value(OnDemandKeys.BROADCAST);
        int port = section.value(OnDemandKeys.PORT);
        return mac.map(it -> new OnDemand.WakeOnLan(it, broadcast, port));
    }
}
