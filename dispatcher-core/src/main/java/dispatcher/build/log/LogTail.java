package dispatcher.build.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.ByteString;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// The last lines of a build's log, to see why it failed. Safe for any thread; takes up to 64 kB.
public final class LogTail {
    private static final int LINES = 64;
    private static final int LONGEST_LINE = 1000;

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ArrayDeque<ByteString> lines = new ArrayDeque<>();

    /// Of a very long line the end counts, as a program may write its last words where the line before has no end.
    public void add(ByteString line) {
        var end = line.last(LONGEST_LINE);
        lock.lock();
        try {
            if (lines.size() == LINES) lines.removeFirst();
            lines.addLast(end);
        } finally {
            lock.unlock();
        }
    }

    public List<String> lines() {
        lock.lock();
        try {
            return lines.stream().map(ByteString::toString).toList();
        } finally {
            lock.unlock();
        }
    }
}
