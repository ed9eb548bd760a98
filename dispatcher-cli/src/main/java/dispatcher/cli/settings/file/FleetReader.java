package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.machine.MachineKeys;
import dispatcher.cli.settings.machine.MachineReader;
import dispatcher.cli.settings.machine.PoolReader;
import dispatcher.cli.settings.toml.TomlMachines;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.Faults;
import dispatcher.cli.settings.yaml.Node;
import dispatcher.machine.Machine;
import dispatcher.machine.file.MachinesFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Binds `machines`, `machinesFile`, the files of `machines.d` and machines that were added at run time to the fleet.
/// Confined to one thread.
final class FleetReader {
    /// Text that is entries and no path: several lines, or what begins none and holds what only entries have.
    private static final Pattern INLINE = Pattern.compile("@.*|(?s:.*\n.*)|(?![/~]|\\.\\.?/).*(\\s|;|://).*");

    /// A file as Nix's setting `builders` names it.
    private static final Pattern NAMED = Pattern.compile("@([^;#\n]+)");

    private final Path base;
    private final Surroundings surroundings;
    private final Faults faults;
    private final List<Machine> fleet = new ArrayList<>();
    private final Map<String, String> places = new HashMap<>();
    private final List<Fault> warnings = new ArrayList<>();
    private final List<Fault> notUsed = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();
    private final Map<String, String> dialIns = new HashMap<>();
    private final Map<String, Fault> dialInPlaces = new LinkedHashMap<>();
    private List<Path> sshConfig = List.of();

    private final List<MachinesFile.Source> joined;

    /// @param base   directory where relative paths start
    /// @param joined machines that were added at run time, as files of `machines.d` are
    FleetReader(Path base, Surroundings surroundings, Faults faults, List<MachinesFile.Source> joined) {
        this.joined = List.copyOf(joined);
        this.base = base;
        this.surroundings = surroundings;
        this.faults = faults;
    }

    /// What is allowed and probably not meant.
    List<Fault> warnings() {
        return List.copyOf(warnings);
    }

    /// What is wrong with machines of `machinesFile` and of other files that are left out for it.
    List<Fault> notUsed() {
        return List.copyOf(notUsed);
    }

    /// What was read beside the settings, or would have been if it were there.
    List<Path> files() {
        return List.copyOf(files);
    }

    /// @param usualConfig files like ssh_config for machines that name none
    List<Machine> read(Section top, List<Path> usualConfig) {
        sshConfig = usualConfig;
        var reader = new MachineReader(surroundings.user(), surroundings.home(), usualConfig);
        for (var section : top.sections(MachineKeys.MACHINES)) {
            try (section) {
                PoolReader.machines(section, reader.read(section)).forEach(machine -> {
                    var key = section.has(MachineKeys.NAME) ? MachineKeys.NAME : MachineKeys.HOST_NAME;
                    add(machine, new Fault(faults.file(), section.line(key), section.pathOf(key), ""))
                            .ifPresent(faults::add);
                });
            }
        }
        top.scalar(MachineKeys.MACHINES_FILE).ifPresent(this::machinesFile);
        machineFiles();
        if (fleet.isEmpty() && !notUsed.isEmpty()) notUsed.forEach(faults::add);
        if (fleet.isEmpty() && faults.isEmpty())
            top.fault(MachineKeys.MACHINES, "no machine is named, here or by machinesFile; at least one is needed");
        return fleet;
    }

    private void machineFiles() {
        var directory = base.resolve(MachineFiles.DIRECTORY);
        var reader = new MachineFiles(surroundings, sshConfig);
        files.add(directory);
        try {
            for (var file : MachineFiles.in(directory)) {
                files.add(file);
                readMachineFile(reader, file);
            }
        } catch (IOException e) {
            notUsed.add(new Fault(directory.toString(), 1, "", "cannot be read: " + e));
        }
        for (var source : joined) addAll(reader.read(source, base));
    }

    private void readMachineFile(MachineFiles reader, Path file) {
        try {
            var source = new MachinesFile.Source(file.toString(), 1, Files.readString(file));
            addAll(reader.read(source, file.resolveSibling(".").normalize()));
        } catch (IOException e) {
            notUsed.add(new Fault(file.toString(), 1, "", "cannot be read: " + e));
        }
    }

    /// A fault takes only the machines of its own file out of use.
    private void addAll(MachineFiles.Contents contents) {
        notUsed.addAll(contents.faults());
        warnings.addAll(contents.warnings());
        if (contents.faults().isEmpty())
            for (var found : contents.machines())
                add(found.machine(), found.place()).ifPresent(notUsed::add);
    }

    /// @return what is wrong with the name, if it is
    private Optional<Fault> add(Machine machine, Fault place) {
        var first = places.putIfAbsent(machine.name(), place.file() + ":" + place.line());
        if (first == null) {
            fleet.add(machine);
            return machine.address().reach().dialsIn().flatMap(key -> addDialIn(machine, key, place));
        }
        return Optional.of(new Fault(
                place.file(),
                place.line(),
                place.key(),
                "the name '%s' is taken by the machine at %s; give one of them a `name` of its own"
                        .formatted(machine.name(), first)));
    }

    private Optional<Fault> addDialIn(Machine machine, String key, Fault place) {
        var other = dialIns.putIfAbsent(key, machine.name());
        dialInPlaces.put(machine.name(), place);
        if (other == null) return Optional.empty();
        return Optional.of(new Fault(
                place.file(),
                place.line(),
                place.key(),
                "the key by which '%s' dials in is that of '%s' too; give each machine a key of its own"
                        .formatted(machine.name(), other)));
    }

    /// There is no SSH server for machines that connect to us.
    void warnOfDialIns() {
        dialInPlaces.forEach((name, place) -> warnings.add(new Fault(
                place.file(),
                place.line(),
                place.key(),
                "'%s' dials in, and there is no listen.ssh that it could dial".formatted(name))));
    }

    private void machinesFile(Node.Scalar scalar) {
        var text = scalar.text();
        var named = NAMED.matcher(text.strip());
        if (!named.matches() && INLINE.matcher(text.strip()).matches()) {
            int line = scalar.line() + (scalar.block() ? 1 : 0);
            add(new MachinesFile.Source(faults.file(), line, text));
            return;
        }
        var path = named.matches() ? named.group(1).strip() : text.strip();
        try {
            var source = include(path, faults.file());
            if (source.isPresent()) add(source.get());
            else
                faults.add(
                        scalar.line(),
                        MachineKeys.MACHINES_FILE.path(),
                        "there is no file " + surroundings.resolve(base, path));
        } catch (IOException e) {
            faults.add(scalar.line(), MachineKeys.MACHINES_FILE.path(), e.getMessage() + " cannot be read");
        } catch (InvalidPathException e) {
            faults.add(
                    scalar.line(),
                    MachineKeys.MACHINES_FILE.path(),
                    "'%s' is no path: %s".formatted(path, e.getReason()));
        }
    }

    /// An entry with a fault is left out and takes no other with it. A file of which nothing is to be used is a
    /// fault.
    private void add(MachinesFile.Source source) {
        try {
            add(read(source));
        } catch (TomlMachines.UnreadableException e) {
            faults.add(e.fault(source.name()));
        }
    }

    private void add(MachinesFile file) {
        file.faults().forEach(remark -> {
            if (file.isUnusable()) faults.add(fault(remark));
            else notUsed.add(fault(remark));
        });
        for (var entry : file.entries()) {
            add(completed(entry), new Fault(entry.source(), entry.line(), "store URI", ""))
                    .ifPresent(notUsed::add);
        }
        file.warnings().forEach(remark -> warnings.add(fault(remark)));
    }

    private MachinesFile read(MachinesFile.Source source) throws TomlMachines.UnreadableException {
        var defaults = surroundings.machineDefaults();
        return MachinesFile.isToml(source.text())
                ? TomlMachines.read(source, defaults)
                : MachinesFile.parse(source, this::include, defaults);
    }

    /// With ssh_config, and with the path of its key as those of the settings are read: from the directory of the file
    /// that names it.
    private Machine completed(MachinesFile.Entry entry) {
        var address = entry.machine().address();
        var key = address.keyFile().map(file -> surroundings.resolve(directory(entry.source()), file.toString()));
        return entry.machine()
                .withAddress(address.withKeyFile(key).withReach(address.reach().withSshConfig(sshConfig)));
    }

    private static Fault fault(MachinesFile.Remark remark) {
        return new Fault(remark.source(), remark.line(), remark.field(), remark.message());
    }

    /// Reads a file by a path that starts at the directory of the file that names it.
    private Optional<MachinesFile.Source> include(String path, String from) throws IOException {
        var file = surroundings.resolve(directory(from), path);
        files.add(file);
        try {
            return Optional.of(new MachinesFile.Source(file.toString(), 1, Files.readString(file)));
        } catch (NoSuchFileException missing) {
            return Optional.empty();
        }
    }

    private Path directory(String source) {
        return source.equals(faults.file())
                ? base
                : Optional.ofNullable(Path.of(source).getParent()).orElse(base);
    }
}
