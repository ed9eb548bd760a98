package dispatcher.cli.join;

import dispatcher.cli.settings.file.MachineFiles;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.file.MachinesFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Files of `machines.d` that hold one machine.
///
/// @param directory of the settings file
record MachineFile(Path directory) {
    /// @throws UserFacingException if the entry has faults
    void check(Entry entry) {
        var source = new MachinesFile.Source("the entry of " + entry.name(), 1, entry.yaml());
        var faults = new MachineFiles(Surroundings.ofProcess(), List.of())
                .read(source, directory)
                .faults();
        if (!faults.isEmpty())
            throw new UserFacingException(
                    "cannot add " + entry.name(),
                    faults.stream().map(Fault::toString).collect(Collectors.joining("\n")),
                    "correct that; the keys are in docs/SETTINGS.md");
    }

    /// Writes a file of its own for a machine. A reader sees all of it or nothing.
    ///
    /// @throws UserFacingException if there is one already, or it cannot be written
    Path write(Entry entry) {
        var files = directory.resolve(MachineFiles.DIRECTORY);
        var file = files.resolve(entry.name() + MachineFiles.ENDING);
        try {
            Files.createDirectories(files);
            if (Files.exists(file)) throw new FileAlreadyExistsException(file.toString());
            var half = files.resolve("." + entry.name() + ".new");
            Files.writeString(
                    half,
                    "# Written by `dispatcher machine add`; `dispatcher machine remove` takes it away.\n"
                            + entry.yaml(),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE);
            Files.move(half, file, StandardCopyOption.ATOMIC_MOVE);
            return file;
        } catch (FileAlreadyExistsException e) {
            throw new UserFacingException(
                    "cannot add " + entry.name(),
                    file + " is there already",
                    "choose another name with --name, or correct that file",
                    e);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot write down the machine " + entry.name(),
                    e.toString(),
                    "let the dispatcher's user write to %s, or leave out --persist".formatted(files),
                    e);
        }
    }

    /// The file that holds this machine and no other; empty if there is none.
    ///
    /// @throws IOException if files cannot be read
    Optional<Path> of(String machine) throws IOException {
        var reader = new MachineFiles(Surroundings.ofProcess(), List.of());
        for (var file : MachineFiles.in(directory.resolve(MachineFiles.DIRECTORY))) {
            var contents = reader.read(new MachinesFile.Source(file.toString(), 1, Files.readString(file)), directory);
            if (contents.entries() == 1
                    && contents.machines().stream()
                            .anyMatch(found -> found.machine().name().equals(machine))) return Optional.of(file);
        }
        return Optional.empty();
    }
}
