package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.Amounts;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.Trait;
import dispatcher.machine.file.StoreUri;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/// Binds one entry of `machines`; see [MachineKeys].
public final class MachineReader {
    private final String user;

    /// @param user of machines that name none
    public MachineReader(String user) {
        this.user = user;
    }

    /// The machine, or nothing and at least one fault noted.
    public Optional<Machine> read(Section section) {
        section.require(MachineKeys.HOST_NAME);
        var name = section.get(MachineKeys.NAME);
        var uri = uri(section);
        var port = section.get(MachineKeys.PORT);
        var loginName = section.get(MachineKeys.SSH_USER).or(() -> uri.flatMap(StoreUri::user));
        var remoteProgram = section.get(MachineKeys.REMOTE_PROGRAM).orElse(List.of());
        // All that are allowed are the same.
        var _ = section.value(MachineKeys.REMOTE_STORE);
        var systems = systems(section);
        var keyFile = section.get(MachineKeys.SSH_KEY);
        var hostKey = section.get(MachineKeys.PUBLIC_HOST_KEY);
        var maxJobs = section.value(MachineKeys.MAX_JOBS);
        var speedFactor = section.value(MachineKeys.SPEED_FACTOR);
        var supported = new TreeSet<>(section.values(MachineKeys.SUPPORTED_FEATURES));
        var mandatory = new TreeSet<>(section.values(MachineKeys.MANDATORY_FEATURES));
        var compression = section.value(MachineKeys.COMPRESS);
        var substitution = section.value(MachineKeys.SUBSTITUTE);
        var onDemand = OnDemandReader.read(section);
        if (uri.isEmpty() || (systems.isEmpty() && saysSystems(section))) return Optional.empty();
        var resources = section.named(MachineKeys.RESOURCES, Amounts::amount);
        var address = new MachineAddress(
                uri.get().host(),
                port.orElseGet(() -> uri.get().port().orElse(MachineAddress.SSH_PORT)),
                loginName.orElse(user),
                keyFile,
                hostKey);
        return Optional.of(new Machine(
                name.orElse(address.host()),
                address,
                uri.get().protocol(),
                remoteProgram,
                systems,
                maxJobs,
                speedFactor,
                supported,
                mandatory,
                compression,
                substitution,
                resources,
                onDemand,
                unstated(section, resources)));
    }

    /// An entry that names no system leaves it to the machine to say what it is, as far as the entry does not. In one
    /// that names some, the defaults of NixOS count for the rest.
    private static Set<Trait> unstated(Section section, SortedMap<String, Long> resources) {
        if (saysSystems(section)) return Set.of();
        var unstated = EnumSet.of(Trait.SYSTEMS);
        if (!section.has(MachineKeys.SUPPORTED_FEATURES)) unstated.add(Trait.FEATURES);
        if (!section.has(MachineKeys.MAX_JOBS)) unstated.add(Trait.MAX_JOBS);
        if (!resources.containsKey(Machine.MEMORY)) unstated.add(Trait.MEMORY);
        return unstated;
    }

    private static boolean saysSystems(Section section) {
        return section.has(MachineKeys.SYSTEM) || section.has(MachineKeys.SYSTEMS);
    }

    /// `protocol` and `hostName` in one. With `protocol: null` the host name may be a whole store URI, as in
    /// NixOS.
    private static Optional<StoreUri> uri(Section section) {
        if (section.isNull(MachineKeys.PROTOCOL)) return section.get(MachineKeys.HOST_NAME, MachineKeys.STORE_URI);
        var protocol = section.value(MachineKeys.PROTOCOL);
        return section.get(MachineKeys.HOST_NAME)
                .map(host -> new StoreUri(
                        protocol, Optional.empty(), host, OptionalInt.empty(), Collections.emptySortedMap()));
    }

    private static SortedSet<String> systems(Section section) {
        var one = section.get(MachineKeys.SYSTEM);
        var several = section.values(MachineKeys.SYSTEMS);
        if (!section.has(MachineKeys.SYSTEM) && section.isEmptyList(MachineKeys.SYSTEMS))
            section.fault(MachineKeys.SYSTEMS, "names no system");
        return new TreeSet<>(one.map(List::of).orElse(several));
    }
}
