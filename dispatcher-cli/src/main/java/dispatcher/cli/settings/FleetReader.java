package dispatcher.cli.settings;

import dispatcher.fleet.Machine;
import dispatcher.fleet.MachinesFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Binds `machines` and `machinesFile` to the fleet. Confined to one thread.
final class FleetReader {
    /// Text that is entries and no path: several lines, or what begins none and holds what only entries have.
    private static final Pattern INLINE = Pattern.compile("@.*|(?s:.*\n.*)|(?![/~]|\\.\\.?/).*(\\s|;|://).*");

    private final Path base;
    private final Surroundings surroundings;
    private final Faults faults;
    private final List<Machine> fleet = new ArrayList<>();
    private final Map<String, String> places = new HashMap<>();
    private final List<Fault> warnings = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();

    /// @param base directory where relative paths start
    FleetReader(Path base, Surroundings surroundings, Faults faults) {
        this.base = base;
        this.surroundings = surroundings;
        this.faults = faults;
    }

    /// What is allowed and probably not meant.
    List<Fault> warnings() {
        return List.copyOf(warnings);
    }

    /// What was read beside the settings, or would have been if it were there.
    List<Path> files() {
        return List.copyOf(files);
    }

    List<Machine> read(Section top) {
        var reader = new MachineReader(base, surroundings);
        for (var section : top.sections("machines")) {
            try (section) {
                reader.read(section).ifPresent(machine -> {
                    var key = section.has("name") ? "name" : "hostName";
                    add(machine, new Fault(faults.file(), section.line(key), section.pathOf(key), ""));
                });
            }
        }
        top.scalar("machinesFile").ifPresent(this::machinesFile);
        if (fleet.isEmpty() && faults.isEmpty())
            top.fault("machines", "no machine is named, here or by machinesFile; at least one is needed");
        return fleet;
    }

    private void add(Machine machine, Fault place) {
        var first = places.putIfAbsent(machine.name(), place.file() + ":" + place.line());
        if (first == null) fleet.add(machine);
        else
            faults.add(new Fault(
                    place.file(),
                    place.line(),
                    place.key(),
                    "the name '%s' is taken by the machine at %s; give one of them a `name` of its own"
                            .formatted(machine.name(), first)));
    }

    private void machinesFile(Node.Scalar scalar) {
        var text = scalar.text();
        if (INLINE.matcher(text.strip()).matches()) {
            int line = scalar.line() + (scalar.block() ? 1 : 0);
            add(new MachinesFile.Source(faults.file(), line, text));
            return;
        }
        try {
            var source = include(text.strip(), faults.file());
            if (source.isPresent()) add(source.get());
            else faults.add(scalar.line(), "machinesFile", "there is no file " + surroundings.resolve(base, text));
        } catch (IOException e) {
            faults.add(scalar.line(), "machinesFile", e.getMessage() + " cannot be read");
        } catch (InvalidPathException e) {
            faults.add(scalar.line(), "machinesFile", "'%s' is no path: %s".formatted(text, e.getReason()));
        }
    }

    private void add(MachinesFile.Source source) {
        var file = MachinesFile.parse(source, this::include, surroundings.machineDefaults());
        for (var entry : file.entries()) {
            add(entry.machine(), new Fault(entry.source(), entry.line(), "store URI", ""));
        }
        file.faults().forEach(remark -> faults.add(fault(remark)));
        file.warnings().forEach(remark -> warnings.add(fault(remark)));
    }

    private static Fault fault(MachinesFile.Remark remark) {
        return new Fault(remark.source(), remark.line(), remark.field(), remark.message());
    }

    /// Reads a file by a path that starts at the directory of the file that names it.
    private Optional<MachinesFile.Source> include(String path, String from) throws IOException {
        var directory = from.equals(faults.file())
                ? base
                : Optional.ofNullable(Path.of(from).getParent()).orElse(base);
        var file = surroundings.resolve(directory, path);
        files.add(file);
        try {
            return Optional.of(new MachinesFile.Source(file.toString(), 1, Files.readString(file)));
        } catch (NoSuchFileException missing) {
            return Optional.empty();
        }
    }
}
