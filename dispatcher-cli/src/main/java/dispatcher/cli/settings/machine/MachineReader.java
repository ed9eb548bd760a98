package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Row;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.Amounts;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import dispatcher.machine.Reach;
import dispatcher.machine.Trait;
import dispatcher.machine.file.StoreUri;
import dispatcher.store.host.DaemonTransport;
import java.nio.file.Path;
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
    private static final List<Row> ONLY_LOCAL = List.of(MachineKeys.SOCKET);

    private static final List<Row> ONLY_OVER_SSH = List.of(
            MachineKeys.PORT,
            MachineKeys.SSH_USER,
            MachineKeys.SSH_KEY,
            MachineKeys.SSH_KEY_PASSPHRASE_FILE,
            MachineKeys.SSH_CONFIG,
            MachineKeys.DIALS_IN,
            MachineKeys.PUBLIC_HOST_KEY,
            MachineKeys.REMOTE_PROGRAM,
            MachineKeys.COMPRESS,
            OnDemandKeys.ON_DEMAND);

    private final String user;
    private final Path home;
    private final List<Path> sshConfig;

    /// @param user      of machines that name none
    /// @param home      of the user who runs us
    /// @param sshConfig files like ssh_config for machines that name none
    public MachineReader(String user, Path home, List<Path> sshConfig) {
        this.user = user;
        this.home = home;
        this.sshConfig = List.copyOf(sshConfig);
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
        boolean statesPort =
                port.isPresent() || uri.stream().anyMatch(it -> it.port().isPresent());
        var reach = reach(section, statesPort, loginName.isPresent());
        var maxJobs = section.value(MachineKeys.MAX_JOBS);
        var speedFactor = section.value(MachineKeys.SPEED_FACTOR);
        var supported = new TreeSet<>(section.values(MachineKeys.SUPPORTED_FEATURES));
        var mandatory = new TreeSet<>(section.values(MachineKeys.MANDATORY_FEATURES));
        var compression = section.value(MachineKeys.COMPRESS);
        var substitution = section.value(MachineKeys.SUBSTITUTE);
        var onDemand = OnDemandReader.read(section, systems.stream().findFirst());
        var socket = section.get(MachineKeys.SOCKET);
        if (uri.isEmpty() || (systems.isEmpty() && saysSystems(section))) return Optional.empty();
        var resources = section.named(MachineKeys.RESOURCES, Amounts::amount);
        if (!fits(section, uri.get().protocol())) return Optional.empty();
        boolean isLinuxBuilder = onDemand.filter(LinuxBuilder::isStartedBy).isPresent();
        MachineAddress address;
        if (isLinuxBuilder) address = LinuxBuilder.address(uri.get().host(), port, loginName, keyFile, hostKey);
        else if (!uri.get().protocol().isOverSsh())
            address = MachineAddress.ofDaemon(socket.orElse(DaemonTransport.DEFAULT_SOCKET), user);
        else
            address = new MachineAddress(
                    uri.get().host(),
                    port.orElseGet(() -> uri.get().port().orElse(MachineAddress.SSH_PORT)),
                    loginName.orElse(user),
                    keyFile,
                    hostKey,
                    reach);
        boolean usualProtocol = isLinuxBuilder && !section.has(MachineKeys.PROTOCOL);
        return Optional.of(new Machine(
                name.orElse(uri.get().host()),
                address,
                usualProtocol ? MachineProtocol.SSH_NG : uri.get().protocol(),
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

    /// Whether each key means something with that protocol; else a fault is noted.
    private static boolean fits(Section section, MachineProtocol protocol) {
        var strange = (protocol.isOverSsh() ? ONLY_LOCAL : ONLY_OVER_SSH)
                .stream().filter(section::has).toList();
        strange.forEach(row -> section.fault(row, "means nothing with protocol: " + protocol.scheme()));
        boolean isSilent = !protocol.isOverSsh() && !saysSystems(section);
        if (isSilent)
            section.fault(
                    MachineKeys.SYSTEMS,
                    "is missing: with protocol: local it names what this host builds for, as the host is not asked");
        return strange.isEmpty() && !isSilent;
    }

    private Reach reach(Section section, boolean statesPort, boolean statesUser) {
        var files = section.get(MachineKeys.SSH_CONFIG)
                .map(choice -> choice.files(home))
                .orElse(sshConfig);
        var passphraseFile = section.get(MachineKeys.SSH_KEY_PASSPHRASE_FILE);
        var dialsIn = section.get(MachineKeys.DIALS_IN);
        return new Reach(List.of(), statesPort, statesUser, passphraseFile, dialsIn).withSshConfig(files);
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
