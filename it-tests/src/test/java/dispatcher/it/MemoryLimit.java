package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A memory cgroup of our own, of version 1 or 2, as far as this machine lets us make one. Goes when it
/// is closed; one that a killed test run left is removed by the next.
final class MemoryLimit implements AutoCloseable {
    private static final String PREFIX = "dispatcher-it-";
    private static final Duration EMPTY = Duration.ofSeconds(10);

    private final Path group;

    private MemoryLimit(Path group) {
        this.group = group;
    }

    /// Empty if none can be made here.
    static Optional<MemoryLimit> of(long bytes) throws IOException {
        var version1 = Path.of("/sys/fs/cgroup/memory");
        var version2 = Path.of("/sys/fs/cgroup");
        var made = make(version1, "memory.limit_in_bytes", bytes);
        return made.isPresent() ? made : make(version2, "memory.max", bytes);
    }

    private static Optional<MemoryLimit> make(Path parent, String limit, long bytes) throws IOException {
        if (!Files.isWritable(parent.resolve("cgroup.procs"))) return Optional.empty();
        reap(parent);
        var group = parent.resolve(PREFIX + ProcessHandle.current().pid());
        try {
            Files.createDirectory(group);
            Files.writeString(group.resolve(limit), Long.toString(bytes));
            return Optional.of(new MemoryLimit(group));
        } catch (IOException e) {
            Files.deleteIfExists(group);
            return Optional.empty();
        }
    }

    private static void reap(Path parent) throws IOException {
        List<Path> old;
        try (Stream<Path> groups = Files.list(parent)) {
            old = groups.filter(group -> String.valueOf(group.getFileName()).startsWith(PREFIX))
                    .toList();
        }
        for (var group : old) {
            long owner = Long.parseLong(String.valueOf(group.getFileName()).substring(PREFIX.length()));
            if (ProcessHandle.of(owner).isEmpty()
                    && Files.readString(group.resolve("cgroup.procs")).isEmpty()) Files.delete(group);
        }
    }

    /// From now on the machine, and all that it starts, have no more than that together.
    void put(Fleet.Machine machine) throws IOException {
        for (var process : machine.processes().toList())
            Files.writeString(group.resolve("cgroup.procs"), Long.toString(process.pid()));
    }

    /// To be called when what was put there has ended.
    @Override
    public void close() throws IOException {
        try {
            Await.until(
                    EMPTY,
                    () -> group + " to be empty",
                    () -> Files.readString(group.resolve("cgroup.procs")).isEmpty());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            throw new IOException(e);
        }
        Files.delete(group);
    }
}
