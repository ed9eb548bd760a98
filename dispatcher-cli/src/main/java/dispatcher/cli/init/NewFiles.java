package dispatcher.cli.init;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// Files that go away again unless all went well, also when the program is interrupted. Safe for any number of threads.
final class NewFiles implements AutoCloseable {
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final List<Path> files = new ArrayList<>();

    private final Thread hook = new Thread(this::remove, "init-clean-up");

    NewFiles() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /// To be called before the file is made.
    void add(Path file) {
        lock.lock();
        try {
            files.add(file);
        } finally {
            lock.unlock();
        }
    }

    /// From now on they stay.
    void keep() {
        lock.lock();
        try {
            files.clear();
        } finally {
            lock.unlock();
        }
    }

    private void remove() {
        List<Path> left;
        lock.lock();
        try {
            left = List.copyOf(files);
            files.clear();
        } finally {
            lock.unlock();
        }
        for (var file : left.reversed()) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                // It stays; the next run says that it is there.
            }
        }
    }

    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The program ends, and runs it.
        }
    }
}
