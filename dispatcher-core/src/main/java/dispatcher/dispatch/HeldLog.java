package dispatcher.dispatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.ByteString;
import dispatcher.store.BuildLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The log of an attempt that nobody is to read yet, and perhaps never: its last parts are kept until
/// somebody is, and from then on each goes on as it comes.
///
/// Safe for any thread. Takes up to about 2 MB.
final class HeldLog implements BuildLog {
    static final int MOST_BYTES = 1 << 20;

    /// Each part takes some memory even if it has no text.
    private static final int PART_BYTES = 64;

    private record Part(Consumer<BuildLog> event, int bytes) {}

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ArrayDeque<Part> held = new ArrayDeque<>();

    @GuardedBy("lock")
    private int bytes;

    @GuardedBy("lock")
    private int leftOut;

    @GuardedBy("lock")
    private @Nullable BuildLog reader;

    /// From now on somebody reads it: what is held goes there first. To be called once.
    void release(BuildLog log) {
        while (true) {
            var batch = new ArrayList<Part>();
            int missing;
            lock.lock();
            try {
                missing = leftOut;
                batch.addAll(held);
                leftOut = 0;
                bytes = 0;
                held.clear();
                if (batch.isEmpty()) {
                    reader = log;
                    break;
                }
            } finally {
                lock.unlock();
            }
            write(batch, missing, log);
        }
        log.flush();
    }

    private static void write(List<Part> batch, int missing, BuildLog log) {
        if (missing > 0) log.note("dispatcher: %d earlier parts of this log were not kept".formatted(missing));
        for (var part : batch) part.event.accept(log);
    }

    private void tell(int length, Consumer<BuildLog> event) {
        BuildLog to;
        lock.lock();
        try {
            to = reader;
            if (to == null) hold(new Part(event, length + PART_BYTES));
        } finally {
            lock.unlock();
        }
        if (to != null) event.accept(to);
    }

    @GuardedBy("lock")
    private void hold(Part part) {
        held.addLast(part);
        bytes += part.bytes;
        while (bytes > MOST_BYTES && held.size() > 1) {
            bytes -= held.removeFirst().bytes;
            leftOut++;
        }
    }

    @Override
    public void note(String text) {
        tell(text.length(), log -> log.note(text));
    }

    @Override
    public void assigned(String machine, String reason) {
        tell(reason.length(), log -> log.assigned(machine, reason));
    }

    @Override
    public void phase(String phase) {
        tell(phase.length(), log -> log.phase(phase));
    }

    @Override
    public void line(ByteString line) {
        tell(line.length(), log -> log.line(line));
    }

    /// What is held is flushed when it is read.
    @Override
    public void flush() {
        BuildLog to;
        lock.lock();
        try {
            to = reader;
        } finally {
            lock.unlock();
        }
        if (to != null) to.flush();
    }
}
