package dispatcher.machine.provider.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What the dispatcher keeps of one virtual machine on its disk.
record QemuFolder(Path path) {
    Path console() {
        return path.resolve("console.log");
    }

    Path socket() {
        return path.resolve("qmp.sock");
    }

    Path pidFile() {
        return path.resolve("pid");
    }

    Path disk() {
        return path.resolve("disk.qcow2");
    }

    /// Which image the disk is a layer of.
    Path imageOfDisk() {
        return path.resolve("disk.image");
    }

    Path portFile() {
        return path.resolve("port");
    }

    /// A number that a file of ours has; empty if there is no such file, or something else in it.
    static Optional<Long> number(Path file) throws IOException {
        if (!Files.isRegularFile(file)) return Optional.empty();
        var text = Files.readString(file).strip();
        return text.matches("\\d{1,9}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
    }

    /// The QEMU that runs here, which is one that has this folder among its arguments: a process id alone may be
    /// another's by now.
    Optional<ProcessHandle> process() throws IOException {
        return number(pidFile()).flatMap(ProcessHandle::of).filter(this::isOurs);
    }

    private boolean isOurs(ProcessHandle process) {
        return process.isAlive()
                && process.info()
                        .commandLine()
                        .filter(line -> line.contains(socket().toString().replace(",", ",,")))
                        .isPresent();
    }
}
