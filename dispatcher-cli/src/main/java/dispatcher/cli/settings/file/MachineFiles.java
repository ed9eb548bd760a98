package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.machine.MachineKeys;
import dispatcher.cli.settings.machine.MachineReader;
import dispatcher.cli.settings.machine.PoolReader;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.Faults;
import dispatcher.cli.settings.yaml.LocatedYaml;
import dispatcher.cli.settings.yaml.Node;
import dispatcher.machine.Machine;
import dispatcher.machine.file.MachinesFile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Reads machines that have a file of their own: one entry of `machines`, or a list of them, with the same keys.
/// Confined to one thread.
public final class MachineFiles {
    /// Beside the settings file.
    public static final String DIRECTORY = "machines.d";

    public static final String ENDING = ".yaml";

    private final Surroundings surroundings;
    private final MachineReader reader;

    /// @param sshConfig files like ssh_config for machines that name none
    public MachineFiles(Surroundings surroundings, List<Path> sshConfig) {
        this.surroundings = surroundings;
        this.reader = new MachineReader(surroundings.user(), surroundings.home(), sshConfig);
    }

    /// A machine.
    ///
    /// @param place of its name, with no message
    public record Found(Machine machine, Fault place) {}

    /// What a file holds.
    ///
    /// @param entries how many there are, good or not
    public record Contents(int entries, List<Found> machines, List<Fault> faults, List<Fault> warnings) {
        public Contents {
            machines = List.copyOf(machines);
            faults = List.copyOf(faults);
            warnings = List.copyOf(warnings);
        }
    }

    /// Its files, sorted by name; none if there is no such directory.
    ///
    /// @throws IOException if it cannot be read
    public static List<Path> in(Path directory) throws IOException {
        var files = new ArrayList<Path>();
        try (var found = Files.newDirectoryStream(directory, "[!.]*" + ENDING)) {
            found.forEach(files::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        files.sort(null);
        return files;
    }

    /// @param base directory where relative paths start
    public Contents read(MachinesFile.Source source, Path base) {
        var faults = new Faults(source.name());
        var machines = new ArrayList<Found>();
        int entries = 0;
        try {
            var root = LocatedYaml.read(source.text(), faults);
            var nodes = root.map(MachineFiles::entries).orElse(List.of());
            entries = nodes.size();
            for (var node : nodes) read(node, base, faults, machines);
        } catch (Faults.TooManyException e) {
            machines.clear();
        }
        return new Contents(entries, machines, faults.sorted(), faults.warnings());
    }

    private static List<Node> entries(Node root) {
        return switch (root) {
            case Node.Sequence list -> list.items();
            case Node.Mapping mapping when mapping.entries().isEmpty() -> List.of();
            default -> List.of(root);
        };
    }

    private void read(Node node, Path base, Faults faults, List<Found> machines) {
        try (var section = Section.top(node, MachineKeys.MACHINES, text -> path(base, text), faults)) {
            PoolReader.machines(section, reader.read(section)).forEach(machine -> {
                var key = section.has(MachineKeys.NAME) ? MachineKeys.NAME : MachineKeys.HOST_NAME;
                machines.add(new Found(machine, new Fault(faults.file(), section.line(key), section.pathOf(key), "")));
            });
        }
    }

    private Path path(Path base, String text) {
        try {
            return surroundings.resolve(base, text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'%s' is no path: %s".formatted(text, e.getReason()), e);
        }
    }
}
