package dispatcher.cli.drain;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.file.WholeFile;
import dispatcher.machine.Machine;
import dispatcher.schedule.BuildQueue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which machines somebody has drained: so in the queue, and in a file, so that they stay drained over a restart. A
/// name stays there until it is resumed, whether the settings have such a machine or not.
///
/// Shape of the file: a name on each line. Safe for any thread; the lock is held while the file is written and the
/// queue told, so that both say the same.
public final class Drains {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    private final Path file;
    private final BuildQueue queue;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final SortedSet<String> names;

    private Drains(Path file, BuildQueue queue, SortedSet<String> names) {
        this.file = file;
        this.queue = queue;
        this.names = names;
    }

    /// Drains in the queue what `file` names. A file that cannot be read is said in the log, and counts as empty.
    public static Drains load(Path file, BuildQueue queue) {
        SortedSet<String> names = new TreeSet<>();
        try {
            names = read(file);
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("why", e.toString())
                    .log("cannot read which machines are drained; none is");
        }
        var drains = new Drains(file, queue, names);
        drains.apply();
        return drains;
    }

    /// @throws IOException unless it can be read or does not exist
    public static SortedSet<String> read(Path file) throws IOException {
        try {
            var names = new TreeSet<>(Files.readAllLines(file, StandardCharsets.UTF_8));
            names.remove("");
            return names;
        } catch (NoSuchFileException e) {
            return new TreeSet<>();
        }
    }

    /// Makes these the machines of the queue, those drained that are to be.
    public void replaceMachines(Collection<Machine> machines) {
        lock.lock();
        try {
            queue.replaceMachines(machines, names);
        } finally {
            lock.unlock();
        }
    }

    private void apply() {
        for (var name : names())
            if (queue.drain(name, true))
                log.atWarn().addKeyValue("machine", name).log("machine is drained");
    }

    SortedSet<String> names() {
        lock.lock();
        try {
            return Collections.unmodifiableSortedSet(new TreeSet<>(names));
        } finally {
            lock.unlock();
        }
    }

    /// Drains a machine, or ends that.
    ///
    /// @return whether it was otherwise before
    /// @throws IOException if it cannot be written down; nothing has changed then
    boolean set(String machine, boolean drained) throws IOException {
        lock.lock();
        try {
            var next = new TreeSet<>(names);
            boolean changed = drained ? next.add(machine) : next.remove(machine);
            if (changed) write(next);
            names.clear();
            names.addAll(next);
            queue.drain(machine, drained);
            return changed;
        } finally {
            lock.unlock();
        }
    }

    private void write(SortedSet<String> wanted) throws IOException {
        WholeFile.write(file, out -> {
            for (var name : wanted) out.write(name + "\n");
        });
    }
}
