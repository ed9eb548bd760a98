package dispatcher.cli.settings;

import dispatcher.machine.Choice;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import dispatcher.machine.PublicHostKey;
import dispatcher.machine.RemoteNix;
import dispatcher.machine.file.StoreUri;
import dispatcher.nix.NixSyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;

/// Binds one entry of `machines`. Keys and defaults are those of NixOS' `nix.buildMachines`, so that an entry
/// pasted from there means the same here; `name`, `port`, `remoteProgram`, `remoteStore`, `compress`, `substitute` and
/// `resources` are ours.
final class MachineReader {
    private final Path base;
    private final Surroundings surroundings;

    /// @param base directory where relative paths start
    MachineReader(Path base, Surroundings surroundings) {
        this.base = base;
        this.surroundings = surroundings;
    }

    /// The machine, or nothing and at least one fault noted.
    Optional<Machine> read(Section section) {
        section.require("hostName", "name or address of the machine");
        var name = section.value("name", MachineReader::name);
        var uri = uri(section);
        var port = section.integer("port", 1, 65_535);
        var user = section.value("sshUser", MachineReader::word).or(() -> uri.flatMap(StoreUri::user));
        var remoteProgram = section.value("remoteProgram", RemoteNix::program).orElse(List.of());
        section.value("remoteStore", MachineReader::remoteStore);
        var systems = systems(section);
        var keyFile = section.value("sshKey", this::path);
        var hostKey = section.value("publicHostKey", MachineReader::hostKeys);
        var maxJobs = section.integer("maxJobs", 0, Integer.MAX_VALUE).orElse(1);
        var speedFactor =
                section.value("speedFactor", MachineReader::speedFactor).orElse(1.0);
        var supported = features(section, "supportedFeatures");
        var mandatory = features(section, "mandatoryFeatures");
        var compression = choice(section, "compress");
        var substitution = choice(section, "substitute");
        if (uri.isEmpty() || systems.isEmpty()) return Optional.empty();
        var address = new MachineAddress(
                uri.get().host(),
                port.orElseGet(() -> uri.get().port().orElse(MachineAddress.SSH_PORT)),
                user.orElse(surroundings.user()),
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
                Resources.amounts(section, "resources")));
    }

    /// `protocol` and `hostName` in one. With `protocol: null` the host name may be a whole store URI, as in
    /// NixOS.
    private static Optional<StoreUri> uri(Section section) {
        if (section.isNull("protocol")) return section.value("hostName", MachineReader::storeUri);
        var schemes = Arrays.stream(MachineProtocol.values())
                .map(MachineProtocol::scheme)
                .toList();
        var protocol = section.word(
                        "protocol",
                        text -> Arrays.stream(MachineProtocol.values())
                                .filter(candidate -> candidate.scheme().equals(text))
                                .findFirst(),
                        schemes)
                .orElse(MachineProtocol.SSH);
        return section.value("hostName", MachineReader::host)
                .map(host -> new StoreUri(
                        protocol, Optional.empty(), host, OptionalInt.empty(), Collections.emptySortedMap()));
    }

    private static String remoteStore(String text) {
        if (RemoteNix.OWN_STORES.contains(text)) return text;
        throw new IllegalArgumentException(
                "'%s' is another store on the machine than its own, and only auto, daemon and local mean that"
                        .formatted(text));
    }

    private static Choice choice(Section section, String key) {
        return section.word(key, Choice::of, Choice.words()).orElse(Choice.AUTO);
    }

    private static StoreUri storeUri(String text) {
        var uri = readable(StoreUri::parse).apply(text);
        if (!uri.parameters().isEmpty())
            throw new IllegalArgumentException(
                    "'%s' has parameters; write them as keys of the entry, such as sshKey".formatted(text));
        return uri;
    }

    private static String host(String text) {
        var bare = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        if (StoreUri.isHost(bare)) return bare;
        var advice = text.contains("://")
                ? "; the scheme goes into `protocol`"
                : text.contains("@")
                        ? "; the user goes into `sshUser`"
                        : text.matches("[^:]+:\\d+") ? "; the port goes into `port`" : "";
        throw new IllegalArgumentException("'%s' is no host name or address%s".formatted(text, advice));
    }

    private static SortedSet<String> systems(Section section) {
        var one = section.value("system", MachineReader::system);
        var several = section.values("systems", MachineReader::system);
        if (!section.has("system") && !section.has("systems"))
            section.fault("system", "is missing: system or systems tells what it builds for, e.g. x86_64-linux");
        if (!section.has("system") && section.isEmptyList("systems")) section.fault("systems", "names no system");
        return new TreeSet<>(one.map(List::of).orElse(several));
    }

    private static SortedSet<String> features(Section section, String key) {
        return new TreeSet<>(section.values(key, MachineReader::item));
    }

    private static String system(String text) {
        if (text.contains(","))
            throw new IllegalArgumentException("'%s' is several; list them in systems".formatted(text));
        return word(text);
    }

    static String item(String text) {
        if (text.contains(",")) throw new IllegalArgumentException("'%s' is several; write [a, b]".formatted(text));
        return word(text);
    }

    private static String word(String text) {
        if (!text.matches("[^\\s\\p{Cntrl}]+"))
            throw new IllegalArgumentException("'%s' has blanks in it".formatted(text));
        return text;
    }

    private static String name(String text) {
        if (text.startsWith("-")) throw new IllegalArgumentException("'%s' begins with -".formatted(text));
        return word(text);
    }

    private static double speedFactor(String text) {
        if (!text.matches("\\d{1,9}(\\.\\d{1,9})?") || Double.parseDouble(text) == 0)
            throw new IllegalArgumentException("'%s' is not a number above 0".formatted(text));
        return Double.parseDouble(text);
    }

    private static String hostKeys(String text) {
        return PublicHostKey.lines(readable(PublicHostKey::parseAll).apply(text));
    }

    private Path path(String text) {
        try {
            return surroundings.resolve(base, text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'%s' is no path: %s".formatted(text, e.getReason()), e);
        }
    }

    /// A parser of core that throws what a [Section] takes.
    private static <T> Function<String, T> readable(Function<String, T> parser) {
        return text -> {
            try {
                return parser.apply(text);
            } catch (NixSyntaxException e) {
                throw new IllegalArgumentException(e.getMessage(), e);
            }
        };
    }
}
