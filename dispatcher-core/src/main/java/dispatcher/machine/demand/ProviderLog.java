package dispatcher.machine.demand;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.provider.ShellCommand;
import dispatcher.text.Printable;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// What happened to a machine on demand lately, with what its commands printed; the latest lines only. Safe for any
/// thread.
final class ProviderLog {
    /// Lines that are kept.
    static final int LONGEST = 200;

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<LogLine> lines = new ArrayDeque<>();

    ProviderLog(InstantSource clock) {
        this.clock = clock;
    }

    void add(String text) {
        var line =
                new LogLine(clock.instant(), Printable.line(text, ShellCommand.LONGEST_LINE * ShellCommand.LAST_LINES));
        lock.lock();
        try {
            lines.addLast(line);
            if (lines.size() > LONGEST) lines.removeFirst();
        } finally {
            lock.unlock();
        }
    }

    List<LogLine> lines() {
        lock.lock();
        try {
            return List.copyOf(lines);
        } finally {
            lock.unlock();
        }
    }
}
