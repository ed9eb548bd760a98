package dispatcher.store.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Keeps a second process, or a second spool of this one, out of a spool's directory. The lock ends with the process,
/// in every case; the file stays and names the process that has or had it.
final class SpoolLock implements AutoCloseable {
    /// The directories of this process. The system keeps other processes out, and would give up the lock of this
    /// one as soon as the same file is opened and closed once more.
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private SpoolLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /// @throws IOException if it is taken; the message names the process
    static SpoolLock take(Path dir) throws IOException {
        var directory = dir.toRealPath();
        long pid = ProcessHandle.current().pid();
        if (!OURS.add(directory)) throw taken(directory, "this process (pid " + pid + ")");
        boolean done = false;
        try {
            var file = directory.resolve("lock");
            var channel = FileChannel.open(
                    file,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS);
            try {
                if (channel.tryLock() == null) throw taken(directory, owner(file));
                channel.truncate(0);
                channel.write(ByteBuffer.wrap((pid + "\n").getBytes(StandardCharsets.US_ASCII)));
                done = true;
                return new SpoolLock(directory, channel);
            } finally {
                if (!done) channel.close();
            }
        } finally {
            if (!done) OURS.remove(directory);
        }
    }

    private static String owner(Path file) throws IOException {
        var pid = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        return pid.matches("[0-9]{1,10}") ? "the process with pid " + pid : "another process";
    }

    private static IOException taken(Path directory, String owner) {
        return new IOException(
                "the spool at %s is in use by %s: stop that one, or set another spool.path in the settings"
                        .formatted(directory, owner));
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The lock has gone in any case; nothing is ever read from what was written.
        }
        OURS.remove(directory);
    }
}
